import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import type { NatsConnection } from 'nats';
import { frameFlag, frameKind } from '../../../src/rpc/frame.js';
import { BusHub, connectAsHub, frameOf } from '../../support/callee-table/bus-hub.js';
import { callees } from '../../support/callee-table/callees.js';
import { type BadFrames, badFrames } from '../../support/callee-table/frames.js';
import { oddCall } from '../../support/callee-table/odd-call.js';
import { type OddServer, startOddServer } from '../../support/callee-table/odd-server.js';
import { expectedResets, readVectors } from '../../support/callee-table/vectors.js';
import { Fleet } from '../../support/fleet.js';
import { until } from '../../support/nats.js';

const all = await callees();
const vectors = await readVectors();
const { fromCaller, end } = frameFlag;

describe('frames on the bus', () => {
  let fleet: Fleet;
  let server: OddServer;
  let bus: NatsConnection;
  const stops: (() => unknown)[] = [];
  let used = 1000;

  before(async () => {
    fleet = await Fleet.make();
    server = await startOddServer();
    const hub = await fleet.up();
    bus = await connectAsHub(fleet, String(hub.ready.nats));
  });
  after(async () => {
    for (const stop of stops) await stop();
    server.stop();
    await bus.close();
    await fleet.stop();
  });

  for (const callee of all) {
    describe(`to the ${callee.name}`, { skip: callee.missing }, () => {
      const node = `odd-${callee.short}`;
      let instance = '';
      let session: ClientHttp2Session;
      let metadata: Record<string, string>;

      before(async () => {
        const owner = { after: (stop: () => unknown) => void stops.push(stop) };
        const started = await callee.start(owner, fleet, node, server.address);
        // Calls of hubs that have left are open to the last: it would wait for their end.
        stops.unshift(() => started.stop('SIGKILL'));
        instance = String(started.ready.instance);
        session = connect(`http://${await fleet.hubAddress()}`);
        stops.unshift(() => session.destroy());
        const authorization = `Bearer ${await fleet.callerToken(node)}`;
        metadata = { 'x-postern-node': node, authorization };
      });

      /** Runs with a hub that the callee has not met; the calls of others are to be well before and after. */
      async function asHub(run: (hub: BusHub) => Promise<void>): Promise<void> {
        const hub = BusHub.meet(bus, node, instance);
        const neighbour = BusHub.meet(bus, node, instance);
        try {
          used += 3;
          const id = used;
          neighbour.open(id, 'Echo', [frameOf(frameKind.data, fromCaller, id, 0, 'be')]);
          await until('the neighbour has begun', () => neighbour.text(id) === 'be');
          await run(hub);
          neighbour.send(frameOf(frameKind.data, fromCaller | end, id, 2, 'fore'));
          await until('the neighbour has ended', () => neighbour.of(id, frameKind.trailers).length > 0);
          assert.equal(neighbour.text(id), 'before');
          const call = oddCall(session, 'Echo', metadata, 'healthy');
          await call.over;
          assert.deepEqual([call.status(), call.text], ['0', 'healthy'], call.message());
        } finally {
          hub.leave();
          neighbour.leave();
        }
      }

      for (const [name, bad] of Object.entries(badFrames)) {
        it(`${name}: ${whatHappens(bad)}`, () =>
          asHub(async (hub) => {
            used += 3;
            const id = used;
            hub.open(id, bad.method ?? 'Hang', [frameOf(frameKind.data, fromCaller, id, 0, 'first')]);
            await until('the call has begun', () => hub.of(id, frameKind.head).length > 0);
            hub.send(bad.message(id));
            if (typeof bad.ends === 'number') {
              await until('the call is reset', () => hub.resetOf(id) !== undefined);
              assert.deepEqual(hub.resetOf(id), { status: bad.ends, refused: false, flags: 0 });
            }
            for (const [from, status, refused] of bad.others ?? []) {
              await until('another call is reset', () => hub.resetOf(id + from) !== undefined);
              assert.deepEqual(hub.resetOf(id + from), { status, refused, flags: 0 });
            }
            await hub.ping();
            if (bad.ends === undefined) {
              assert.equal(server.open.has(`bus-${id}`), true, 'the call goes on');
              assert.equal(hub.resetOf(id), undefined);
              hub.send(frameOf(frameKind.reset, fromCaller, id, 0, Buffer.from([8, 1])));
            }
            await until('the call is over at the server', () => server.ended.has(`bus-${id}`));
            assert.equal(server.ended.get(`bus-${id}`), 8);
            assert.deepEqual(hub.of(id, frameKind.trailers), []);
          }));
      }

      for (const vector of vectors) {
        it(`takes the vector '${vector.name}'`, () =>
          asHub(async (hub) => {
            hub.open(100, 'Hang');
            await until('the hub is known', () => hub.of(100, frameKind.head).length > 0);
            hub.send(Buffer.from(vector.hex, 'hex'));
            await hub.ping();
            const expected = expectedResets(vector);
            const resets = (): string[] =>
              hub.came
                .filter((frame) => frame.kind === frameKind.reset && frame.id !== 100)
                .map(({ id, flags }) => `${id} ${flags} ${hub.resetOf(id)?.status}`)
                .sort();
            await until(`resets of ${expected}`, () => resets().length >= expected.length);
            assert.deepEqual(resets(), expected);
          }));
      }
    });
  }
});

function whatHappens({ ends, others }: BadFrames): string {
  if (others !== undefined) return 'the calls that are not open are reset, others go on';
  if (ends === undefined) return 'nothing ends';
  return ends === 'quietly' ? 'that call ends' : `that call is reset with ${ends}`;
}
