import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { accountOf, catchUpOf, faultsOf, sightsOf } from '../../scripts/demo/fleet/facts.js';
import { lossesOf } from '../../scripts/demo/fleet/losses.js';
import type { Delivery, FaultJudgement, TroubledMessage } from '../../src/controller/judging/judgement.js';
import { madeJudgement } from '../controller/report/made-judgement.js';

const nodes = ['attic', 'barn', 'cellar', 'den', 'eaves'];
const { totals } = madeJudgement({ nodes, amount: 10 });
let dir: string;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-facts-'));
});
after(() => rm(dir, { recursive: true, force: true }));

test('the demo takes no report for good in which a message is missing, or too many', () => {
  const { expected } = totals;
  assert.match(
    accountOf({ totals }),
    new RegExp(`^owed ${expected}, delivered ${expected}, lost 0, twice 0$`),
  );
  assert.throws(() => accountOf({ totals: { ...totals, delivered: expected - 1 } }), /were delivered/);
  assert.throws(() => accountOf({ totals: { ...totals, expected: 0, delivered: 0 } }), /0 were owed/);
  assert.throws(
    () => accountOf({ totals: { ...totals, delivered: expected - 1, lost: 1 } }),
    /1 are lost, not 0/,
  );
  assert.throws(() => accountOf({ totals }, 3), /0 are lost, not 3/);
  for (const trouble of ['vanished', 'corrupt', 'unexpected', 'unknown', 'duplicated']) {
    assert.throws(() => accountOf({ totals: { ...totals, [trouble]: 2 } }), new RegExp(`${trouble}: 2`));
  }
});

const sight = (node: string, toMs?: number, what: 'hub' | 'daemon' = 'hub') => ({
  ...{ node, what, fromMs: 1_000 },
  ...(toMs === undefined ? {} : { toMs }),
});

test('the demo wants just the two that were cut off to have been out of sight', () => {
  const both = [sight('attic', 3_000), sight('barn', 4_500)];
  assert.equal(sightsOf({ intervals: both }), 'attic for 2.0 s, barn for 3.5 s');
  assert.throws(() => sightsOf({ intervals: both.slice(1) }), /out of sight were: barn/);
  assert.throws(() => sightsOf({ intervals: [...both, sight('den', 2_000)] }), /attic,barn,den/);
  assert.throws(() => sightsOf({ intervals: [...both, sight('barn')] }), /barn did not come back/);
  assert.throws(() => sightsOf({ intervals: [...both, sight('den', 2_000, 'daemon')] }), /daemon of den/);
});

const fault = (node: string, kind: 'link' | 'peers', convergenceMs?: number): FaultJudgement => ({
  ...{ fault: `${kind}-${node}`, node, kind, plannedFromMs: 10_000, plannedToMs: 18_000 },
  ...{ injectedAtMs: 10_100, healedAtMs: 18_200, by: 'nft', proof: 'confirmed' },
  ...(convergenceMs === undefined ? {} : { convergenceMs }),
});
const faults = ['attic', 'barn'].flatMap((node) => [fault(node, 'link', 0), fault(node, 'peers', 2_000)]);

test('the demo wants every fault to be confirmed', () => {
  const kinds = ['link', 'peers'];
  assert.equal(faultsOf({ faults }, kinds), '4 faults, all confirmed, by nft');
  assert.throws(
    () => faultsOf({ faults: faults.slice(1) }, kinds),
    /the faults are: link on barn: confirmed, peers on attic/,
  );
  const odd = faults.map((one, i) => (i === 2 ? { ...one, proof: 'mismatch' as const } : one));
  assert.throws(() => faultsOf({ faults: odd }, kinds), /link on barn: mismatch/);
});

const delivery = (sender: string, receiver: string, sentAtMs: number, receivedAtMs?: number): Delivery => ({
  ...{ test: 'chat_ping', sender, receiver, seq: sentAtMs / 1_000, sentAtMs },
  ...(receivedAtMs === undefined ? {} : { receivedAtMs }),
});
const cut = [
  delivery('attic', 'den', 12_000, 18_900),
  delivery('attic', 'eaves', 12_000, 18_800),
  delivery('den', 'barn', 13_000, 19_500),
  delivery('den', 'eaves', 13_000, 13_010),
];

test('the demo wants nothing to have passed a cut, and all of it to have come after it', () => {
  const parted = true;
  assert.deepEqual(catchUpOf({ faults, deliveries: cut }, { parted }), [
    'cut off, they sent 1 messages, and none of it passed',
    'after the heal 3 deliveries were made up for; all was there after 2.0 s',
  ]);
  const leak = [...cut, delivery('den', 'attic', 14_000, 14_005)];
  assert.throws(
    () => catchUpOf({ faults, deliveries: leak }, { parted }),
    /message 14 of den reached attic 4\.0 s before the heal/,
  );
  assert.match(catchUpOf({ faults, deliveries: leak }, { parted: false }).join(), /they sent 1 messages$/);
  assert.throws(() => catchUpOf({ faults, deliveries: cut.slice(2) }, { parted }), /sent nothing/);
  const untold = [fault('attic', 'link'), fault('barn', 'link')];
  assert.throws(() => catchUpOf({ faults: untold, deliveries: cut }, { parted }), /convergence/);
});

const lost = (seq: number, id: string, receivers: readonly string[]): TroubledMessage => ({
  ...{ test: 'chat_ping', sender: 'cellar', seq },
  troubles: receivers.map((receiver) => ({ trouble: 'lost', receiver })),
  history: [{ atMs: 1, node: 'cellar', what: 'ok', detail: id }],
});

test('the demo wants the report to name what the daemon has lost, and nothing else', async () => {
  const others = nodes.filter((node) => node !== 'cellar');
  await mkdir(path.join(dir, 'nodes/cellar'), { recursive: true });
  const truth = ['a', 'b'].map((id, i) =>
    JSON.stringify({ misdeed: 'lose', n: i + 1, atMs: 1, group: '', id }),
  );
  await writeFile(path.join(dir, 'nodes/cellar/truth.jsonl'), `${truth.join('\n')}\n`);
  const of = (...messages: TroubledMessage[]) => lossesOf({ plan: { nodes }, messages }, dir);
  assert.deepEqual(await of(lost(4, 'b', others), lost(3, 'a', others)), { count: 2, numbers: '4, 3' });
  await assert.rejects(of(lost(3, 'a', others)), /the lost messages: expected/);
  await assert.rejects(of(lost(3, 'a', others), lost(4, 'c', others)), /the lost messages: expected/);
  await assert.rejects(
    of(lost(3, 'a', others), lost(4, 'b', others), lost(5, 'c', others)),
    /the lost messages: expected/,
  );
  await assert.rejects(
    of(lost(3, 'a', others.slice(1)), lost(4, 'b', others)),
    /message 3 of cellar is lost at/,
  );
  await assert.rejects(of({ ...lost(3, 'a', others), sender: 'den' }), /message 3 of den/);
});
