import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { ask2 } from '../../wire/http-proxy-harness.js';
import { type Answer, ask, codeOf, type Service, type Stage, startService, startStage } from './stage.js';

/** Whatever a client could say to be taken for somebody else. */
const forged = {
  user_email: 'root@example.org',
  'User-Email': 'root@example.org',
  USER_EMAIL: 'root@example.org',
  'user.email': 'root@example.org',
  'x-postern-assertion': 'forged',
  X_Postern_Assertion: 'forged',
  'X-Postern-Caller': 'root',
  'x-forwarded-for': '10.0.0.1',
  'X-Forwarded-Proto': 'https',
  X_Forwarded_Host: 'evil.test',
  forwarded: 'for=10.0.0.1',
};

describe('the door to services that speak HTTP', () => {
  let service: Service;
  let stage: Stage;
  let good: string;
  const tokens: Record<string, string> = {};

  before(async () => {
    service = await startService();
    const to = `http://127.0.0.1:${service.port}`;
    stage = await startStage([
      'routes:',
      `  - {name: api, host: api.test, to: '${to}'}`,
      `  - {name: ops, host: ops.test, to: '${to}', roles: [operate]}`,
      `  - {name: reads, host: api.test, pathPrefix: /reads, to: '${to}'}`,
      `  - {name: open, host: open.test, to: '${to}', access: public}`,
      "  - {name: gone, host: gone.test, to: 'http://127.0.0.1:1'}",
      "  - {name: calls, host: calls.test, to: 'grpc://127.0.0.1:1'}",
    ]);
    good = await stage.token();
    tokens.expired = await stage.token({ expiresAtMs: Date.now() - 61_000 });
    tokens.junk = 'junk';
    tokens.methods = await stage.token({ tokenId: 'm', methods: ['etcdserverpb.KV/*', 'v1/*'] });
    tokens.other = await stage.token({ tokenId: 'o', methods: ['http.other/*'] });
    tokens.post = await stage.token({ tokenId: 'p', methods: ['http.api/POST'] });
    tokens.http = await stage.token({ tokenId: 'h', methods: ['http.api/*'] });
    tokens.join = await stage.token({ tokenId: 'j', roles: ['join'] });
    const foreign = generateKeyPairSync('ed25519').privateKey;
    tokens.foreign = await new SignJWT({ roles: ['admin'], sub: 'x', jti: 'x', exp: 2e9 })
      .setIssuer('postern')
      .setAudience('postern')
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(foreign);
    const [, payload = ''] = good.split('.');
    tokens.none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  });
  after(async () => {
    await stage.stop();
    service.stop();
  });

  /** Each way in: HTTP/1.1, HTTP/2 and a WebSocket. */
  const doors: Record<
    string,
    (host: string, path: string, headers: Record<string, string>) => Promise<Answer>
  > = {
    'HTTP/1.1': (host, path, headers) => ask(stage.address, host, path, headers),
    'HTTP/2': async (host, path, headers) => {
      const session = connect(`http://${stage.address}`);
      session.on('error', () => {});
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      const answer = await ask2(session, {
        ':path': path,
        ':authority': host,
        ...Object.fromEntries(lower),
      });
      session.close();
      const text = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      return { ...answer, headers: Object.fromEntries(text) };
    },
    WebSocket: (host, path, headers) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${stage.address}/`, {
          headers: { host, ...headers },
          // A URL would have its dots taken out.
          finishRequest: (request) => {
            request.path = path;
            request.end();
          },
        });
        socket.on('error', () => {});
        socket.on('unexpected-response', (_request, response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
        });
        socket.on('open', () => socket.send('hello'));
        socket.on('message', (text) => {
          socket.close();
          resolve({ status: 200, headers: {}, body: String(text) });
        });
        setTimeout(reject, 20_000, new Error('no answer')).unref();
      }),
  };

  /** What is shown, where, and what comes of it. */
  const rows: [
    what: string,
    host: string,
    path: string,
    shown: () => Record<string, string>,
    status: number,
    code?: string,
  ][] = [
    ['no token', 'api.test', '/', () => ({}), 401, 'UNAUTHENTICATED'],
    [
      'no token but cookies',
      'api.test',
      '/',
      () => ({ cookie: `jwt=${good}; authorization=${good}` }),
      401,
      'UNAUTHENTICATED',
    ],
    ['a password', 'api.test', '/', () => ({ authorization: 'Basic eA==' }), 401, 'UNAUTHENTICATED'],
    ...['expired', 'junk', 'foreign', 'none'].map(
      (kind): [string, string, string, () => Record<string, string>, number, string] => [
        `a token that is ${kind}`,
        'api.test',
        '/',
        () => ({ authorization: `Bearer ${tokens[kind]}` }),
        401,
        'UNAUTHENTICATED',
      ],
    ),
    [
      'a bad token beside a good one',
      'api.test',
      '/',
      () => ({ 'x-postern-authorization': 'junk', authorization: `Bearer ${good}` }),
      401,
      'UNAUTHENTICATED',
    ],
    ['a role that the row does not take', 'ops.test', '/', () => ({ jwt: good }), 403, 'PERMISSION_DENIED'],
    [
      'a token that may not call',
      'api.test',
      '/',
      () => ({ jwt: tokens.join ?? '' }),
      403,
      'PERMISSION_DENIED',
    ],
    [
      'a token for gRPC methods',
      'api.test',
      '/v1/x',
      () => ({ jwt: tokens.methods ?? '' }),
      403,
      'PERMISSION_DENIED',
    ],
    [
      'a token for another service',
      'api.test',
      '/',
      () => ({ jwt: tokens.other ?? '' }),
      403,
      'PERMISSION_DENIED',
    ],
    [
      'a token for another method',
      'api.test',
      '/',
      () => ({ jwt: tokens.post ?? '' }),
      403,
      'PERMISSION_DENIED',
    ],
    ['a path with ..', 'api.test', '/reads/../x', () => ({ jwt: good }), 400, 'PATH_INVALID'],
    [
      'a path with .. that is encoded',
      'api.test',
      '/reads/%2e%2e/x',
      () => ({ jwt: good }),
      400,
      'PATH_INVALID',
    ],
    ['a host that no row has', 'none.test', '/nothing', () => ({ jwt: good }), 404],
    ['a token for the service', 'api.test', '/', () => ({ jwt: tokens.http ?? '' }), 200],
    ['a good token', 'api.test', '/', () => ({ authorization: `Bearer ${good}` }), 200],
    ['a good token in the older header', 'api.test', '/', () => ({ jwt: good }), 200],
    [
      'a good token of ours beside one of theirs',
      'api.test',
      '/',
      () => ({ 'x-postern-authorization': good, authorization: 'Bearer theirs' }),
      200,
    ],
    ['a host in odd case, with port and dot', 'API.Test.:8443', '/', () => ({ jwt: good }), 200],
    ['nothing, where nothing is asked for', 'open.test', '/', () => ({}), 200],
    [
      'a bad token, where none is asked for',
      'open.test',
      '/',
      () => ({ authorization: 'Bearer theirs' }),
      200,
    ],
    [
      'a good token for a service that is not there',
      'gone.test',
      '/',
      () => ({ jwt: good }),
      502,
      'SERVICE_UNREACHABLE',
    ],
  ];

  for (const [door, go] of Object.entries(doors)) {
    for (const [what, host, path, shown, status, code] of rows) {
      it(`${door}: ${what} comes to ${status}`, async () => {
        const before = service.seen.length;
        const answer = await go(host, path, { ...shown(), ...forged });
        // Over HTTP/2 what nobody serves is told as ever: only gRPC is spoken there.
        const expected = door === 'HTTP/2' && status === 404 ? 405 : status;
        assert.equal(answer.status, expected, answer.body);
        if (code !== undefined) assert.equal(codeOf(answer), code);
        assert.equal('www-authenticate' in answer.headers, status === 401, JSON.stringify(answer.headers));
        assert.equal(service.seen.length - before, status === 200 ? 1 : 0, 'what the service saw');
        if (status !== 200) return;
        const { raw, headers } = service.seen.at(-1) ?? assert.fail();
        const email = host === 'open.test' ? undefined : 'ann@example.org';
        assert.equal(headers.user_email, email);
        const told = raw.filter((_, i) => raw[i - 1]?.toLowerCase() !== 'sec-websocket-key').join('\n');
        assert.doesNotMatch(told, /root|forged|10\.0\.0\.1|evil|x-postern/i);
        assert.ok(!raw.join('\n').includes(good), 'the token of the hub never leaves the hub');
        assert.equal(headers['x-forwarded-for'], '127.0.0.1');
        assert.equal(headers['x-forwarded-proto'], 'http');
        assert.equal(headers.host, host);
        assert.equal(
          headers.authorization,
          shown().authorization === 'Bearer theirs' ? 'Bearer theirs' : undefined,
        );
      });
    }
  }
});
