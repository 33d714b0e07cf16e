import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../../src/bus/server-process.js';
import { bareCall, http } from '../hub/test-hub.js';
import { Fleet } from '../support/fleet.js';
import { natsServer } from '../support/nats.js';
import {
  checkoutRoot,
  compiledRoot,
  eventually,
  type Finished,
  type RunningProcess,
  run,
  startReady,
} from '../support/processes.js';

/** The blocks of commands in docs/migrate.md, line by line. */
const [original = [], ssh = []] = (await readFile(path.join(checkoutRoot, 'docs/migrate.md'), 'utf8'))
  .split(/^```sh\n/m)
  .slice(1)
  .map((block) => block.slice(0, block.indexOf('```')).trim().split('\n'));

let fleet: Fleet;
let env: NodeJS.ProcessEnv;
/** Addresses of the hub, of HTTP and of gRPC; one where both were told the same. */
let [web, grpc] = ['', ''];
const started: RunningProcess[] = [];

before(async () => {
  fleet = await Fleet.make();
  env = {
    PATH: `${path.join(checkoutRoot, 'bin')}:${process.env.PATH}`,
    POSTERN_DIST: compiledRoot,
    POSTERN_DATA: path.join(fleet.dir, 'hub'),
    POSTERN_NATS_SERVER: (await natsServer()).path,
    POSTERN_METRICS: 'off',
    HTTP_LISTEN_ADDR: '127.0.0.1:0',
    GRPC_LISTEN_ADDR: '127.0.0.1:0',
  };
});
after(async () => {
  for (const one of started.reverse()) await one.stop();
  await fleet.stop();
});

/** Runs a line in a shell, to its end. */
const shell = (line: string, more: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  run('sh', ['-c', `cd '${fleet.dir}' && ${line}`], { env: { ...env, ...more } });

/** Starts a line that goes on. */
async function begin(line: string, more: NodeJS.ProcessEnv = {}): Promise<RunningProcess> {
  const one = await startReady('sh', ['-c', `cd '${fleet.dir}' && exec ${line} --output json`], {
    env: { ...env, ...more },
  });
  started.push(one);
  return one;
}

/** Runs what the target of make runs; the rest of it builds this checkout. */
async function make(line: string): Promise<Finished> {
  const [, target = ''] = line.split(' ');
  const makefile = await readFile(path.join(checkoutRoot, 'Makefile'), 'utf8');
  const [, script] = new RegExp(`^${target}:.*\\n\\t@node dist/(\\S+)$`, 'm').exec(makefile) ?? [];
  return shell(`node '${path.join(compiledRoot, script ?? assert.fail(`${line} runs nothing`))}'`);
}

test('the manual of the original hub, line by line', async () => {
  const [gencert = '', readcert = '', hub = '', server = '', list = '', start = '', ...more] = original;
  assert.deepEqual(more, [], 'a line that no test runs');
  assert.equal((await make(gencert)).code, 0);
  assert.match((await make(readcert)).stdout, /localhost/);
  const { ready } = await begin(hub);
  [web = '', grpc = web] = Array.isArray(ready.listen) ? ready.listen.map(String) : [];

  const port = web.split(':').at(-1) ?? '';
  assert.match(server, /localhost:8080/);
  const node = await begin(server.replace('localhost:8080', `localhost:${port}`), {
    POSTERN_TO: '127.0.0.1:1',
  });
  const listed = await shell(list);
  assert.equal(listed.code, 0, listed.stderr);
  const { clients }: { clients: { name: string; connectionTime: string }[] } = JSON.parse(listed.stdout);
  assert.deepEqual(
    clients.map(({ name }) => name),
    ['testserver'],
  );
  await node.stop();

  await begin("postern agent --node testserver --fluentd 'sleep 600'");
  const done = await eventually(
    'it is called',
    async () => {
      const called = await shell(start);
      return called.code === 0 ? called : undefined;
    },
    { everyMs: 500 },
  );
  assert.deepEqual(JSON.parse(done.stdout), { status: 'START_SUCCESS' });
});

test('the flags and variables of the original client', async () => {
  const token = await shell('postern token create --caller me');
  const line = `echo '{}' | postern fluentd start`;
  const flags = `-s localhost:${grpc.split(':').at(-1)} --timeout 10s --tls --tls-ca-cert-file test.crt -o yaml`;
  const data = path.join(fleet.dir, 'elsewhere');
  const [byFlags, byVariables, sample, wrong] = await Promise.all([
    shell(`${line} testserver ${flags} --auth-token '${token.stdout.trim()}' --auth-token-type Bearer`, {
      POSTERN_DATA: data,
    }),
    shell(line, {
      POSTERN_DATA: data,
      SERVER_ADDR: `localhost:${grpc.split(':').at(-1)}`,
      TLS: 'true',
      TLS_INSECURE_SKIP_VERIFY: 'true',
      AUTH_TOKEN: token.stdout.trim(),
      RESPONSE_FORMAT: 'json',
    }),
    shell('postern fluentd stop testserver -p'),
    shell(`${line} nobody`),
  ]);
  assert.equal(byFlags.code, 0, byFlags.stderr);
  assert.match(byFlags.stdout, /status: START_NOCHANGE/);
  assert.equal(byVariables.code, 0, byVariables.stderr);
  assert.deepEqual(JSON.parse(byVariables.stdout), { status: 'START_NOCHANGE' });
  assert.deepEqual([sample.code, sample.stdout.trim()], [0, '{}']);
  assert.equal(wrong.code, 64 + 14, wrong.stderr);
});

test('what ends otherwise than at the original', async () => {
  const admin = (await readFile(path.join(fleet.dir, 'hub/tokens/admin.jwt'), 'utf8')).trim();
  const call = (headers: Record<string, string>) => bareCall(grpc, headers, '/external.Fluentd/Start');
  const authorization = `Bearer ${admin}`;
  const unnamed = await call({ authorization });
  assert.equal(unnamed.status, 12, unnamed.message);
  const unknown = await call({ authorization, name: 'nobody' });
  assert.deepEqual(
    [unknown.status, unknown.code, unknown.message],
    [14, 'NODE_UNKNOWN', "node 'nobody' is not known here"],
  );
  assert.equal((await call({ name: 'testserver' })).status, 16);
  assert.match((await http(web, 'GET', '/health')).body, /uptime/);
  await started.at(-1)?.stop();
  const away = await eventually('it is gone', async () => {
    const answer = await call({ authorization, name: 'testserver' });
    return answer.code === 'NODE_OFFLINE' ? answer : undefined;
  });
  assert.equal(away.status, 14);
  assert.match(away.message, /^node 'testserver' is not connected \(last seen /);
});

test('what ssh -R did', async () => {
  const [agent = '', forward = '', ...more] = ssh;
  assert.deepEqual(more, [], 'a line that no test runs');
  const server = await fleet.interopServer();
  const local = await freePort('127.0.0.1');
  await begin(agent.replace('localhost:50051', server.address));
  await begin(forward.replace('9000', String(local)));
  const { status } = await bareCall(`127.0.0.1:${local}`, {});
  assert.equal(status, 0);
});
