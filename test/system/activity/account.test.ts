import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../../support/fleet.js';
import { InteropClient } from '../../support/interop/client.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { follower, type PrintedEvent, printedEvents } from './follower.js';

let fleet: Fleet;
let hub: RunningProcess;
let token: string;
before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up();
  const server = await fleet.interopServer();
  await fleet.agent('cellar', [server.address]);
  token = await fleet.callerToken('load');
});
const begun: { stop(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(begun.map((each) => each.stop()));
  await fleet.stop();
});

/** A call that was answered with OK, and when. */
interface Made {
  readonly trace: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Calls until it is told to stop; each call has a trace of its own. */
function load(address: string) {
  const made: Made[] = [];
  let on = true;
  const worker = async () => {
    const client = new InteropClient({
      address,
      metadata: { 'x-postern-node': 'cellar', 'x-postern-authorization': token },
    });
    while (on) {
      const trace = randomBytes(16).toString('hex');
      const beganMs = Date.now();
      const metadata = client.metadata();
      metadata.set('traceparent', `00-${trace}-00f067aa0ba902b7-01`);
      const { error } = await client.unaryCall({}, metadata, { deadline: beganMs + 2_000 });
      if (error === null) made.push({ trace, beganMs, endedMs: Date.now() });
      await new Promise((resolve) => setTimeout(resolve, error === null ? 1 : 50));
    }
    client.close();
  };
  const workers = Array.from({ length: 3 }, worker);
  return {
    made,
    stop: async () => {
      on = false;
      await Promise.all(workers);
    },
  };
}

const natsPid = async () => Number(await readFile(path.join(fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
const gapsOf = (events: readonly PrintedEvent[]) => events.filter(({ type }) => type === 'gap');

/** Who is open for long is told of before its end, too. */
const endsIn = (events: readonly PrintedEvent[]) => events.filter(({ type }) => type === 'proxied');

/** Calls whose end was not told and that no gap is about. */
function unaccounted(made: readonly Made[], events: readonly PrintedEvent[]): Made[] {
  const told = new Set(endsIn(events).map(({ traceId }) => traceId));
  const gaps = gapsOf(events);
  return made.filter(
    ({ trace, beganMs, endedMs }) =>
      !told.has(trace) && !gaps.some((gap) => gap.lostFromMs <= endedMs && gap.lostToMs >= beganMs),
  );
}

async function history(): Promise<PrintedEvent[]> {
  const { code, stdout, stderr } = await fleet.postern(['activity', '--since', '1h', '-o', 'jsonl']);
  assert.equal(code, 0, stderr);
  return printedEvents(stdout);
}

test('every call is told of, or a gap, when NATS and the hub are killed; who follows misses and doubles nothing', async () => {
  const following = follower(fleet.env, ['--since', '1h']);
  begun.push(following);
  const listen = await fleet.hubAddress();
  const calls = load(listen);
  begun.push(calls);
  const more = async (what: string, count = 60) => {
    const before = calls.made.length;
    await eventually(what, () => calls.made.length >= before + count, { timeoutMs: 40_000 });
  };
  await more('calls are made');

  const before = await natsPid();
  process.kill(before, 'SIGKILL');
  await eventually('another nats-server runs', async () => (await natsPid()) !== before);
  await more('calls are made after the death of NATS');
  const afterNats = await eventually('all calls are told of, without a gap', async () => {
    const made = [...calls.made];
    const events = await history();
    return unaccounted(made, events).length === 0 && events;
  });
  assert.deepEqual(gapsOf(afterNats), [], 'what could not be sent was kept');

  const killedMs = Date.now();
  hub.signal('SIGKILL');
  await hub.exited;
  hub = await fleet.start(['up', '--listen', listen, '--metrics', '127.0.0.1:0']);
  await more('calls are made after the death of the hub');
  await calls.stop();

  const events = await eventually('all calls are accounted for', async () => {
    const told = await history();
    return unaccounted(calls.made, told).length === 0 && told;
  });
  const [gap, ...others] = gapsOf(events);
  assert.deepEqual(others, []);
  assert.ok(gap !== undefined && gap.lostFromMs <= killedMs && gap.lostToMs >= killedMs, JSON.stringify(gap));
  const ends = endsIn(events).map(({ callId }) => callId);
  assert.equal(new Set(ends).size, ends.length, 'the end of a call was told twice');

  await eventually('who follows has all', () => following.events.length >= events.length);
  assert.deepEqual(
    following.events.map(({ cursor }) => cursor),
    events.map(({ cursor }) => cursor),
    following.stderr(),
  );
});
