import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cidText } from '../../../src/daemon/group/cid.js';
import type { GroupMessageEvent } from '../../../src/gen/weshnet/protocol/v1/types.js';
import { GroupMessageList_Request } from '../../../src/gen/weshnet/protocol/v1/types.js';
import { DaemonProcess, textOf } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';
import { truthOf } from './kill.js';

const sent = 60;

/** What one daemon did wrong with `sent` messages, and what a client saw of it. */
async function misbehaving(
  data: string,
  seed: string,
): Promise<{ truth: Awaited<ReturnType<typeof truthOf>>; live: string[]; replay: string[] }> {
  const daemon = await DaemonProcess.start(data, [
    ...['--misbehave', 'lose=8,double=10,corrupt=12,reorder=9', '--seed', seed],
  ]);
  const group = await daemon.createGroup();
  const live: string[] = [];
  const stream = daemon.protocol.groupMessageList(GroupMessageList_Request.fromPartial({ groupPk: group }));
  stream.on('data', (event: GroupMessageEvent) => live.push(textOf(event))).on('error', () => {});
  for (let n = 0; n < sent; n++) await daemon.say(group, `m ${n}`);
  const events = await daemon.messages(group);
  await eventually('the live ones', () => live.length === events.length);
  stream.cancel();
  const truth = await truthOf(data);
  await daemon.stop();
  const stored = new Set(events.map(({ eventContext }) => cidText(eventContext?.id ?? Buffer.alloc(0))));
  for (const { misdeed, id = '', again = '' } of truth) {
    if (misdeed === 'lose') assert.ok(!stored.has(id), 'lost');
    else assert.ok(stored.has(id), misdeed);
    if (misdeed === 'double') assert.ok(stored.has(again), 'doubled');
  }
  return { truth, live, replay: events.map(textOf) };
}

describe('a daemon that misbehaves', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-misbehave-'));
  });
  after(() => rm(dir, { recursive: true }));

  test('does what its file tells and nothing else, the same for the same seed', async () => {
    const [{ truth, live, replay }, again] = await Promise.all([
      misbehaving(path.join(dir, 'a'), '7'),
      misbehaving(path.join(dir, 'b'), '7'),
    ]);
    const count = (misdeed: string): number => truth.filter((each) => each.misdeed === misdeed).length;
    const expected = Array.from({ length: sent }, (_, n) => `m ${n}`);
    const missing = expected.filter((text) => !replay.includes(text));
    const strange = replay.filter((text) => !expected.includes(text));
    const doubled = replay.length - new Set(replay).size;
    for (const misdeed of ['lose', 'double', 'corrupt', 'reorder']) assert.ok(count(misdeed) > 0, misdeed);
    // A corrupt message is missing under its own text and there under another, unless it was doubled unharmed.
    assert.ok(missing.length >= count('lose') && missing.length <= count('lose') + count('corrupt'));
    assert.ok(strange.length + doubled <= count('corrupt') + count('double'));
    assert.equal(replay.length, sent - count('lose') + count('double'));
    const swapped = live.filter((text, i) => numberIn(text) < numberIn(live[i - 1] ?? 'm -1')).length;
    assert.ok(
      swapped >= 1 && swapped <= count('reorder') + count('corrupt') + count('double'),
      `${swapped} swapped`,
    );
    const kinds = (of: typeof truth): string[] =>
      of.filter(({ misdeed }) => misdeed !== 'reorder').map(({ misdeed, n }) => `${misdeed} ${n}`);
    assert.deepEqual(kinds(again.truth), kinds(truth));
  });
});

function numberIn(text: string): number {
  return Number(text.slice(2));
}
