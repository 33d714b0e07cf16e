import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { dialTunnel, type OpenTunnel, type TunnelDial } from '../../src/client/tunnel/dial-tunnel.js';
import type { PosternError } from '../../src/errors.js';
import type { ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import { interopCases } from '../support/interop/cases.js';
import { InteropClient } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { ask, bearer, joinToken, ownClients, startTestHub, type TestHub } from './test-hub.js';

describe('tunnels to a hub', () => {
  let nats: TestNats;
  let hub: TestHub;
  let server: InteropServer;
  let clients: ReturnType<typeof ownClients>;
  const tunnels: OpenTunnel[] = [];

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats, { legacyTunnels: [{ node: 'old', from: ['127.0.0.0/8'] }] });
    server = await startInteropServer();
    clients = ownClients(hub.address);
  });
  after(async () => {
    for (const tunnel of tunnels) tunnel.close();
    clients.close();
    await hub.stop();
    await server.stop();
    await nats.stop();
  });

  /** Opens a tunnel of a node to the interop server. */
  const open = async (node: string, options: Partial<TunnelDial> = {}): Promise<OpenTunnel> => {
    const tunnel = await dialTunnel({
      url: new URL(`ws://${hub.address}/ws`),
      node,
      proof: {},
      boot: 'boot',
      version: 'test',
      share: false,
      timeoutMs: 5_000,
      onConnection: (connection) => toServer(connection, server.port),
      ...options,
    });
    tunnels.push(tunnel);
    return tunnel;
  };
  const withToken = (token: string) => ({ proof: { authorization: `Bearer ${token}` } });
  const listed = async (name: string): Promise<Node> => {
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      clients.nodes.listNodes({ name }, bearer(hub.adminToken), callback),
    );
    return nodes[0] ?? assert.fail(`${name} is not listed`);
  };
  const inState = (name: string, state: string) =>
    until(`${name} is ${state}`, async () => (await listed(name)).state === state);
  const target = (node: string) => ({
    address: hub.address,
    metadata: { 'x-postern-node': node, 'x-postern-authorization': hub.adminToken },
  });

  it('carry every kind of call', async (t) => {
    const tunnel = await open('cellar', withToken(await joinToken(hub, 'cellar')));
    await inState('cellar', 'connected.idle');
    for (const [name, run] of Object.entries(interopCases)) await t.test(name, () => run(target('cellar')));
    const { instances } = await listed('cellar');
    assert.equal(instances[0]?.transport, 'tunnel');
    await until('one connection carries all calls', () => tunnel.connections === 1);
    await until('the round trip is known', () => tunnel.roundTripMs !== undefined);
  });

  it('are opened again with the same token, and the one before is superseded', async () => {
    const proof = withToken(await joinToken(hub, 'attic'));
    const first = await open('attic', proof);
    await inState('attic', 'connected.idle');
    await open('attic', { ...proof, boot: 'other' });
    assert.equal((await first.ended).code, 'SUPERSEDED');
    await inState('attic', 'connected.idle');
    const client = new InteropClient(target('attic'));
    assert.equal((await client.unaryCall({})).status.code, 0);
    client.close();
  });

  it('of another key are refused while one is served, which notices nothing', async () => {
    const first = await open('loft', withToken(await joinToken(hub, 'loft')));
    await inState('loft', 'connected.idle');
    await assert.rejects(open('loft', { ...withToken(await joinToken(hub, 'loft')), boot: 'other' }), {
      code: 'OCCUPIED',
      message: /another key/,
    });
    const client = new InteropClient(target('loft'));
    assert.equal((await client.unaryCall({})).status.code, 0);
    client.close();
    await inState('loft', 'connected.idle');
    await until('its round trip is known', () => first.roundTripMs !== undefined);
  });

  it('are lost with their connection, and the node with them', async () => {
    const tunnel = await open('shed', withToken(await joinToken(hub, 'shed')));
    await inState('shed', 'connected.idle');
    tunnel.close();
    await inState('shed', 'lost');
  });

  it('without any secret are open to whom a legacy grant names, and to nobody else', async () => {
    await open('old');
    await inState('old', 'connected.idle');
    await assert.rejects(open('young'), { code: 'UNAUTHENTICATED' });
  });

  it('of nodes that are known are taken from an address that others have got slowed down', async () => {
    const known = withToken(await joinToken(hub, 'porch'));
    await open('porch', known);
    const gates = ['gate-1', 'gate-2', 'gate-3', 'gate-4'];
    const fresh = new Map<string, ReturnType<typeof withToken>>();
    for (const gate of gates) fresh.set(gate, withToken(await joinToken(hub, gate)));
    await open('old');
    // Of the attempts that failed one is forgiven every two seconds: so a gate may be let in, but not one after the other.
    let slowed = '';
    for (const gate of gates) {
      const guesses = Array.from({ length: 60 }, () => open('porch', withToken(`pj_${'A'.repeat(43)}`)));
      await Promise.allSettled(guesses);
      const code = await open(gate, fresh.get(gate)).then(
        () => 'OPEN',
        (thrown: PosternError) => thrown.code,
      );
      if (code === 'OPEN') continue;
      assert.equal(code, 'TOO_MANY_ATTEMPTS');
      slowed = gate;
      break;
    }
    assert.notEqual(slowed, '', 'no gate was slowed down');
    await open('porch', { ...known, boot: 'other' });
    await open('old', { boot: 'other' });
    // Being refused is no further failure.
    for (let i = 0; i < 30; i++) await open(slowed, fresh.get(slowed)).catch(() => {});
    await until('the address is forgiven', async () =>
      open(slowed, fresh.get(slowed)).then(
        () => true,
        () => false,
      ),
    );
  });
});

/** Gives a connection of the hub to a server on this machine. */
function toServer(connection: Duplex, port: number): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => connection.destroy());
  connection.on('close', () => socket.destroy());
  connection.pipe(socket).pipe(connection);
}
