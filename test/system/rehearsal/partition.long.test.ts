import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { withoutLab } from '../../support/lab/stage.js';
import { eventually } from '../../support/processes.js';
import { assertAgreement, convergedLogs, resultsIn } from './account.js';
import { LabFleet } from './lab-stage.js';

const missing = await withoutLab();
const nodes = ['attic', 'barn', 'cellar', 'den', 'eaves'];
const cutOff = ['attic', 'barn'];
const others = nodes.filter((node) => !cutOff.includes(node));
/** Reading all journals takes time that the nodes need. */
const seldom = { everyMs: 300 };
const [amount, intervalMs] = [50, 100];

describe('a test of five nodes behind NATs', { skip: missing, timeout: 120_000 }, () => {
  let fleet: LabFleet;
  before(async () => {
    fleet = await LabFleet.open(nodes);
  });
  after(() => fleet?.close());

  /** Numbers of the messages that a node has sent since then, as its journal says. */
  const sentSince = async (node: string, atMs: number): Promise<number[]> =>
    (await fleet.journal(node, 'parted')).flatMap((record) =>
      record.k === 'outcome' && record.result === 'ok' && (record.sentAt ?? 0) > atMs ? [record.seq] : [],
    );

  /** Which of these messages of another node have come to a node. */
  const came = (journal: readonly ResultRecord[], from: string, seqs: readonly number[]): number[] =>
    seqs.filter((seq) =>
      journal.some((record) => record.k === 'receipt' && record.from === from && record.seq === seq),
    );

  test('goes on while two are cut off from everything, converges after it, and accounts for every message', async () => {
    const group = await fleet.group();
    await fleet.create('parted', { group, amount, intervalMs }, 8_000);
    const startAtMs = Date.now() + 1_000;
    await fleet.arm('parted', startAtMs);
    await eventually(
      'all have sent a tenth',
      async () => {
        const sent = await Promise.all(nodes.map((node) => sentSince(node, 0).catch(() => [])));
        return sent.every(({ length }) => length >= amount / 10);
      },
      seldom,
    );

    for (const node of cutOff) await fleet.stage.lab.cut(node);
    const cutAtMs = Date.now();
    const sent = new Map<string, number[]>();
    await eventually(
      'all go on sending',
      async () => {
        for (const node of nodes) sent.set(node, await sentSince(node, cutAtMs));
        return [...sent.values()].every(({ length }) => length >= amount / 4);
      },
      seldom,
    );
    for (const reader of nodes) {
      const journal = await fleet.journal(reader, 'parted');
      for (const [writer, seqs] of sent) {
        const got = came(journal, writer, seqs).length;
        const isTogether = reader === writer || (others.includes(reader) && others.includes(writer));
        if (isTogether) assert.ok(got > 0, `${reader} hears nothing of ${writer}`);
        else assert.equal(got, 0, `${reader} hears ${writer}`);
      }
    }
    for (const node of cutOff) await fleet.stage.lab.heal(node);

    for (const shown of await Promise.all(nodes.map((node) => fleet.ended(node, 'parted')))) {
      const { fail, info, unknown, open, boots, received } = shown;
      assert.deepEqual([fail, info, unknown, open, boots], [0, 0, 0, 0, 1], JSON.stringify(shown));
      assert.ok(received > 0);
    }
    // What is on disk is the truth, with nobody there to hand in what is missing.
    await fleet.end();
    const daemons = new Map(
      await Promise.all(nodes.map(async (node) => [node, await fleet.alone(node)] as const)),
    );
    try {
      const logs = await convergedLogs(daemons, group, 'parted');
      const results = await resultsIn(fleet.hubData, false);
      assertAgreement({ test: 'parted', nodes, amount, results, logs, everyReceipt: true });
      const ok = results.filter(({ record }) => record.k === 'outcome' && record.result === 'ok').length;
      for (const log of logs.values()) assert.equal(log.length, ok);
    } finally {
      for (const daemon of daemons.values()) await daemon.stop('SIGKILL');
    }
  });
});
