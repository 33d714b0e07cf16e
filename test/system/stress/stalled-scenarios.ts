import assert from 'node:assert/strict';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import path from 'node:path';
import { eventually } from '../../support/processes.js';
import { assertUnmoved, type Blocks, compare } from './alternating.js';
import { many, openStream, roundTrip, stalledReader } from './calls.js';
import type { StressStage } from './stage.js';

const small = Buffer.alloc(105);
/** Connections that so many calls are spread over: Node 20 ends one on which 1,000 calls are cancelled at once. */
const connections = 8;

/** One call of the node is never read: what other calls of it take. */
export async function besideStalledReader(stage: StressStage, blocks: Blocks): Promise<string> {
  const { metadata } = stage;
  const [session, other] = [await stage.client(), await stage.client()];
  const times = await compare(
    blocks,
    () => roundTrip(session, metadata, small),
    async () => {
      const stream = await stalledReader(other, metadata);
      await still(stage, 1);
      return () => ended([stream], stage);
    },
  );
  assertUnmoved(times);
  return `beside a stalled reader: p99 ${times.disturbed.toFixed(1)} ms, alone ${times.alone.toFixed(1)} ms`;
}

/** Thousands of calls of the node are not read by their callers, and as many not by the server: what others take. */
export async function besideThousands(stage: StressStage, count: number, blocks: Blocks): Promise<string> {
  const { metadata } = stage;
  const session = await stage.client();
  const sessions = await Promise.all(Array.from({ length: connections }, () => stage.client()));
  const place = (index: number): ClientHttp2Session => sessions[index % connections] ?? session;
  const times = await compare(
    blocks,
    () => roundTrip(session, metadata, small),
    async () => {
      const streams = await many(count, 50, (index) => stalledReader(place(index), metadata));
      streams.push(...(await many(count, 50, async (index) => stalledWriter(place(index), metadata))));
      await still(stage, 2 * count);
      // large calls too, more than any share at once
      await many(8, 4, () => roundTrip(session, metadata, Buffer.alloc(1 << 20)));
      assert.equal(stage.server.open.size, 2 * count, 'none of them has ended');
      return () => ended(streams, stage);
    },
  );
  assertUnmoved(times);
  return `beside ${count} stalled readers and writers: p99 ${times.disturbed.toFixed(1)} ms, alone ${times.alone.toFixed(1)} ms`;
}

/** The agent of another node is stopped with calls in it: what calls of a healthy node take. */
export async function besideFrozenAgent(stage: StressStage, blocks: Blocks): Promise<string> {
  const { fleet, metadata, server } = stage;
  const token = await fleet.joinToken('frozen');
  const frozen = await fleet.start(
    ['agent', '--node', 'frozen', '--to', server.address, '--data', path.join(fleet.dir, 'frozen')],
    { env: { POSTERN_HUB: `http://${stage.address}`, POSTERN_TOKEN: token } },
  );
  const towards = { ...metadata, 'x-postern-node': 'frozen' };
  const [session, other] = [await stage.client(), await stage.client()];
  const times = await compare(
    blocks,
    () => roundTrip(session, metadata, small),
    async () => {
      await eventually('the other node is there', async () => (await roundTrip(other, towards, small)) > 0);
      frozen.signal('SIGSTOP');
      const streams = Array.from({ length: 20 }, () => stalledWriter(other, towards));
      await nothingMoves(stage);
      return async () => {
        for (const stream of streams) stream.close();
        frozen.signal('SIGCONT');
      };
    },
  );
  assertUnmoved(times);
  return `beside a frozen agent: p99 ${times.disturbed.toFixed(1)} ms, alone ${times.alone.toFixed(1)} ms`;
}

/** A call with more in it than anybody on the way takes, to a server that does not read. */
function stalledWriter(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
): ClientHttp2Stream {
  const stream = openStream(session, 'Unread', metadata);
  stream.write(plenty);
  return stream;
}

const plenty = Buffer.alloc(1 << 20);

/** All calls have reached the server, and nothing moves any more. */
async function still(stage: StressStage, count: number): Promise<void> {
  await eventually('all calls are there', () => stage.server.open.size === count, { timeoutMs: 60_000 });
  await nothingMoves(stage);
}

/** The hub sends and gets no frames. */
async function nothingMoves(stage: StressStage): Promise<void> {
  let before = -1;
  await eventually(
    'they stand still',
    async () => {
      const samples = await stage.metrics('hub');
      const moved = samples.get('postern_bus_frames_total{kind="out"}') ?? 0;
      const came = samples.get('postern_bus_frames_total{kind="in"}') ?? 0;
      const same = moved + came === before;
      before = moved + came;
      return same;
    },
    { timeoutMs: 60_000 },
  );
}

async function ended(streams: readonly ClientHttp2Stream[], stage: StressStage): Promise<void> {
  for (const stream of streams) stream.close();
  await eventually('the server is rid of them', () => stage.server.open.size === 0, { timeoutMs: 30_000 });
}
