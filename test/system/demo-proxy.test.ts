import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../support/free-port.js';
import { compiledRoot, eventually, type RunningProcess, startReady } from '../support/processes.js';

const program = path.join(compiledRoot, 'scripts/demo/connect-proxy.js');
const login = 'agent:right';
let server: Server;
let port: number;
let proxy: RunningProcess;

before(async () => {
  server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  proxy = await startProxy(port);
});
after(async () => {
  await proxy.stop();
  server.close();
});

const startProxy = (to: number): Promise<RunningProcess> =>
  startReady(process.execPath, [program, String(to)], { env: { DEMO_PROXY_LOGIN: login } });

const answered = (asked: ClientRequest) =>
  new Promise<[IncomingMessage, Socket]>((resolve, reject) => {
    asked.once('connect', (response, socket) => resolve([response, socket])).once('error', reject);
  });

/** What the proxy has told of, as soon as that is so much: its word takes another way than its answers. */
const toldBy = ({ lines }: RunningProcess, count: number): Promise<readonly string[]> =>
  eventually(`the proxy tells of ${count}`, () => lines().length >= count && lines());

/** Asks for a connection: the status, and what an echo brings back where it was granted. */
async function ask(
  { ready }: RunningProcess,
  to: string,
  as: string | undefined,
): Promise<{ status: number | undefined; echo: string }> {
  const asked = request({
    host: '127.0.0.1',
    port: String(ready.listen).split(':')[1],
    method: 'CONNECT',
    path: to,
    ...(as === undefined
      ? {}
      : { headers: { 'proxy-authorization': `Basic ${Buffer.from(as).toString('base64')}` } }),
  }).end();
  const [{ statusCode: status }, socket] = await answered(asked);
  let echo = '';
  if (status === 200) {
    socket.write('hello');
    echo = String((await once(socket, 'data'))[0]);
  }
  socket.destroy();
  return { status, echo };
}

test("the demo's own proxy lets through to one port, with the login", async () => {
  assert.deepEqual(await ask(proxy, `localhost:${port}`, login), { status: 200, echo: 'hello' });
  assert.deepEqual(await ask(proxy, `127.0.0.1:${port}`, login), { status: 200, echo: 'hello' });
  assert.deepEqual(await toldBy(proxy, 2), [
    `200 CONNECT localhost:${port}`,
    `200 CONNECT 127.0.0.1:${port}`,
  ]);
});

test("the demo's own proxy refuses all others", async () => {
  for (const [to, as, status] of [
    [`localhost:${port}`, undefined, 407],
    [`localhost:${port}`, 'agent:wrong', 407],
    [`localhost:${port + 1}`, login, 403],
    [`example.org:${port}`, login, 403],
    [`localhost:${port}0`, login, 403],
  ] as const) {
    assert.deepEqual(await ask(proxy, to, as), { status, echo: '' }, `${to} as ${as}`);
  }
});

test("the demo's own proxy tells of a port where nobody listens", async () => {
  const free = await freePort();
  const other = await startProxy(free);
  assert.deepEqual(await ask(other, `127.0.0.1:${free}`, login), { status: 502, echo: '' });
  assert.deepEqual(await toldBy(other, 1), [`502 CONNECT 127.0.0.1:${free}`]);
  await other.stop();
});
