import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { runNginx } from '../../../scripts/bench/nginx.js';
import { debianTool } from '../../../scripts/debian-tool.js';
import { type Accounts, bearer, call, register, type Stage, setStage } from './stage.js';

let stage: Stage;
let accounts: Accounts;

before(async () => {
  stage = await setStage();
  accounts = await stage.start({ admins: ['root@example.org'] });
});
after(() => stage.stop());

/** Status, address and text of an answer. */
function get(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ code: number; email: string; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const email = String(response.headers.user_email ?? '');
        resolve({ code: response.statusCode ?? 0, email, text });
      });
    })
      .on('error', reject)
      .end();
  });
}

test('the gateway lets in whose token is good, by either header, and says who it is', async () => {
  const { jwt } = await register(accounts, 'ada@example.org');
  const root = await register(accounts, 'root@example.org');
  const gateway = `${accounts.rest}/v1/jwt_auth_gateway/`;
  const admin = `${accounts.rest}/v1/admin_jwt_auth_gateway/`;
  const authorization = `Bearer ${jwt}`;
  for (const headers of [{ authorization }, { jwt }]) {
    const { code, email } = await get(gateway, { ...headers, user_email: 'eve@example.org' });
    assert.deepEqual([code, email], [202, 'ada@example.org']);
    assert.equal((await get(admin, headers)).code, 401);
  }
  assert.deepEqual((await get(admin, { jwt: root.jwt })).code, 202);
  for (const headers of [
    {},
    { jwt: `${jwt}x` },
    { authorization: `Basic ${jwt}` },
    { user_email: 'ada@example.org' },
  ]) {
    const { code, email } = await get(gateway, headers);
    assert.deepEqual([code, email], [401, '']);
  }
  assert.equal((await get(`${accounts.rest}/v1/other`, { jwt })).code, 404);
});

test('nginx asks the gateway, and lets through only whom it knows, with their address', async () => {
  const seen: (string | undefined)[] = [];
  const backend = createServer((asked, response) => {
    const { user_email: email } = asked.headers;
    seen.push(typeof email === 'string' ? email : undefined);
    response.end(`hello ${String(email)}`);
  });
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-nginx-'));
  const port = await listening(backend);
  const { path: program } = await debianTool('nginx');
  const nginx = await runNginx(program, dir, (at) =>
    configuration({ dir, at, port, gateway: accounts.rest }),
  );
  const page = `http://${nginx.address}/page`;
  try {
    const { jwt } = await register(accounts, 'nginx@example.org');
    const forged = { user_email: 'root@example.org' };
    assert.deepEqual(await get(page, { authorization: `Bearer ${jwt}`, ...forged }), {
      ...{ code: 200, email: '', text: 'hello nginx@example.org' },
    });
    assert.equal((await get(page, { jwt })).code, 200);
    const before = seen.length;
    assert.equal((await get(page, forged)).code, 401);
    assert.equal((await get(page, { jwt: `${jwt.slice(0, -4)}AAAA` })).code, 401);
    await call(accounts.own, accounts.own.logOut, { everywhere: false, refreshToken: '' }, bearer(jwt));
    assert.equal((await get(page, { jwt })).code, 401, 'a token that was revoked');
    assert.equal(seen.length, before, 'nothing of this came to the backend');
    assert.deepEqual(new Set(seen), new Set(['nginx@example.org']));
  } finally {
    await nginx.stop();
    backend.close();
    await rm(dir, { recursive: true, force: true });
  }
});

/** As docs/accounts.md shows it. */
function configuration(given: { dir: string; at: number; port: number; gateway: string }): string {
  const { dir, at, port, gateway } = given;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${dir}/${kind};`,
  );
  return `
daemon off;
master_process off;
pid ${dir}/pid;
error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${at};
    location / {
      auth_request /_accounts;
      auth_request_set $account $upstream_http_user_email;
      proxy_set_header user_email $account;
      proxy_pass http://127.0.0.1:${port};
    }
    location = /_accounts {
      internal;
      proxy_pass ${gateway}/v1/jwt_auth_gateway/;
      proxy_pass_request_body off;
      proxy_set_header content-length "";
    }
  }
}
`;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
