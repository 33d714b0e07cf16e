import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { callees } from '../../support/callee-table/callees.js';
import { oddCall } from '../../support/callee-table/odd-call.js';
import { type OddServer, startOddServer } from '../../support/callee-table/odd-server.js';
import { startTcpRelay, type TcpRelay } from '../../support/callee-table/tcp-relay.js';
import { within } from '../../support/callee-table/within.js';
import { Fleet } from '../../support/fleet.js';
import { until } from '../../support/nats.js';

const all = await callees();

describe('the life of a callee', () => {
  let fleet: Fleet;
  let server: OddServer;
  let relay: TcpRelay;

  before(async () => {
    fleet = await Fleet.make();
    server = await startOddServer();
    relay = await startTcpRelay();
    const hub = await fleet.up(['--nats-advertise', `nats://127.0.0.1:${relay.port}`]);
    const { hostname, port } = new URL(String(hub.ready.nats));
    relay.target = { host: hostname, port: Number(port) };
  });
  after(async () => {
    server.stop();
    await fleet.stop();
    relay.stop();
  });

  /** A client of the hub that names a node. */
  async function client(t: { after(stop: () => void): void }, node: string) {
    const session = connect(`http://${await fleet.hubAddress()}`);
    t.after(() => session.destroy());
    const authorization = `Bearer ${await fleet.callerToken(node)}`;
    return { session, metadata: { 'x-postern-node': node, authorization } };
  }

  for (const callee of all) {
    describe(`the ${callee.name}`, { skip: callee.missing }, () => {
      it('keeps its instance and its calls when its link to the bus breaks', async (t) => {
        const node = `cut-${callee.short}`;
        const started = await callee.start(t, fleet, node, server.address);
        const { session, metadata } = await client(t, node);
        const call = oddCall(session, 'Echo', metadata);
        call.stream.write('before ');
        await until('the call has begun', () => call.text === 'before ');
        const links = relay.accepted;
        relay.cut();
        // A call that comes through shows that the link is back: what is sent before may be lost.
        await until('the link is back', async () => {
          const other = oddCall(session, 'Echo', metadata, 'x');
          await other.over;
          return other.status() === '0';
        });
        assert.ok(relay.accepted > links);
        call.stream.end('and after');
        await call.over;
        assert.deepEqual([call.status(), call.text], ['0', 'before and after'], call.message());
        const instances: unknown = (await fleet.node(node))?.instances;
        assert.ok(Array.isArray(instances));
        assert.deepEqual(
          instances.map((one) => one.id),
          [started.ready.instance],
        );
        await started.stop();
      });

      it('tells of a server that is not there, with its address', async (t) => {
        const node = `alone-${callee.short}`;
        const away = await startOddServer();
        away.stop();
        const started = await callee.start(t, fleet, node, away.address);
        const { session, metadata } = await client(t, node);
        const call = oddCall(session, 'Echo', metadata, 'x');
        await call.over;
        assert.equal(call.status(), '14');
        assert.ok(call.message().includes(away.address), call.message());
        await started.stop();
      });

      it('ends when a newer process with its key takes its place', async (t) => {
        const node = `place-${callee.short}`;
        const older = await callee.start(t, fleet, node, server.address);
        const newer = await callee.start(t, fleet, node, server.address);
        const status = await within(10_000, 'the older one has ended', older.exited);
        assert.equal(status, callee.turnedAwayStatus);
        const { session, metadata } = await client(t, node);
        const call = oddCall(session, 'Echo', metadata, 'x');
        await call.over;
        assert.equal(call.status(), '0', call.message());
        await newer.stop();
      });

      it('lets open calls finish when it is told to stop, and takes no new ones', async (t) => {
        const node = `drain-${callee.short}`;
        const started = await callee.start(t, fleet, node, server.address);
        const { session, metadata } = await client(t, node);
        const call = oddCall(session, 'Echo', metadata);
        call.stream.write('a');
        await until('the call has begun', () => call.text === 'a');
        started.signal('SIGTERM');
        await until('a new call is refused', async () => {
          const other = oddCall(session, 'Echo', metadata, 'x');
          await other.over;
          return other.status() === '14';
        });
        call.stream.write('b');
        await until('the call goes on', () => call.text === 'ab');
        call.stream.end('c');
        await call.over;
        assert.deepEqual([call.status(), call.text], ['0', 'abc'], call.message());
        assert.equal(await within(10_000, 'it has ended', started.exited), 0);
      });
    });
  }
});
