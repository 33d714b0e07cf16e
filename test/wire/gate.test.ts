import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { Gate } from '../../src/wire/gate.js';
import { outbound } from '../../src/wire/outbound.js';

/** The port that it listens on, at 127.0.0.1. */
async function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return address.port;
}

/** What becomes of one request: the status, or the code of the error. */
function asked(url: string, gate: Gate, proxy = ''): Promise<unknown> {
  return new Promise((resolve) => {
    get(url, { ...outbound(new URL(url), { gate, proxy }).request }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('a gate that is shut breaks what is connected through it, and lets nothing new through until all have opened it', async (t) => {
  const server = createTcpServer();
  t.after(() => server.close());
  const port = await listening(server);
  const gate = new Gate();
  const one = gate.enter(connect(port, '127.0.0.1'));
  await once(one, 'connect');
  assert.deepEqual(gate.farEnds, [{ address: '127.0.0.1', port }]);
  gate.check();
  const closed = once(one, 'close');
  const [first, second] = [gate.shut(), gate.shut()];
  await closed;
  assert.deepEqual(gate.farEnds, []);
  assert.equal(gate.enter(connect(port, '127.0.0.1')).destroyed, true);
  assert.throws(() => gate.check(), { code: 'LINK_CUT' });
  first();
  first();
  assert.equal(gate.isShut, true);
  second();
  const other = gate.enter(connect(port, '127.0.0.1'));
  await once(other, 'connect');
  other.destroy();
});

test('requests go through the gate, with and without a proxy', async (t) => {
  const server = createServer((_, response) => response.end());
  let tunnels = 0;
  const proxy = createServer().on('connect', (request, near) => {
    tunnels += 1;
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const far = connect(Number(port), host, () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    for (const end of [near, far]) end.on('error', () => {});
  });
  t.after(() => {
    for (const one of [server, proxy]) {
      one.close();
      one.closeAllConnections();
    }
  });
  const url = `http://127.0.0.1:${await listening(server)}`;
  const by = `http://127.0.0.1:${await listening(proxy)}`;
  const gate = new Gate();
  assert.deepEqual([await asked(url, gate), await asked(url, gate, by)], [200, 200]);
  const open = gate.shut();
  assert.deepEqual([await asked(url, gate), await asked(url, gate, by)], ['ECONNRESET', 'LINK_CUT']);
  assert.equal(tunnels, 1);
  open();
  assert.deepEqual([await asked(url, gate), await asked(url, gate, by)], [200, 200]);
});
