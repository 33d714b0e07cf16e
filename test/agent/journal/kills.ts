import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordOf, ResultRecord } from '../../../src/bus/result-records.js';
import { compiledRoot, run } from '../../support/processes.js';
import { sendTen } from './sender.js';
import { inDirectory, openShelf, recordsOf } from './stage.js';

const script = join(compiledRoot, 'test/agent/journal/dying-sender.js');

/** The names of all steps of a sender that lives. */
export function stepsOfSender(): Promise<string[]> {
  return inDirectory(async (directory) => {
    const steps: string[] = [];
    await sendTen(join(directory, 'journals'), join(directory, 'daemon.log'), (what) => steps.push(what));
    return steps;
  });
}

function ofKind<K extends ResultRecord['k']>(records: readonly ResultRecord[], kind: K): RecordOf<K>[] {
  return records.filter((record): record is RecordOf<K> => record.k === kind);
}

/** Kills a sender at a step, lets another take the test up, and compares the journal with what the daemon got. */
export function killAt(place: number, name: string): Promise<void> {
  return inDirectory(async (directory) => {
    const paths = [join(directory, 'journals'), join(directory, 'daemon.log')] as const;
    const killed = await run('sh', [
      '-c',
      '"$@"; echo "exit $?"',
      'sh',
      process.execPath,
      script,
      ...paths,
      String(place),
    ]);
    assert.equal(killed.stdout, 'exit 137\n', `${name}: ${killed.stderr}`);
    await sendTen(...paths, () => {});
    const got = (await readFile(join(directory, 'daemon.log'), 'utf8')).trim().split('\n').map(Number);
    const shelf = await openShelf(join(directory, 'journals'));
    const [journal] = shelf.all();
    assert.ok(journal !== undefined, name);
    assert.equal(journal.state, 'finished', name);
    const records = await recordsOf(journal);
    await shelf.close();

    assert.equal(new Set(got).size, got.length, `${name}: sent twice: ${got}`);
    assert.deepEqual(
      ofKind(records, 'intent').map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      name,
    );
    const outcomes = ofKind(records, 'outcome');
    assert.deepEqual(
      outcomes.map(({ seq }) => seq).sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      name,
    );
    const unknown = outcomes.filter(({ result }) => result === 'unknown').map(({ seq }) => seq);
    assert.ok(unknown.length <= 1, `${name}: one was on its way at most, not ${unknown}`);
    const sure = outcomes.filter(({ result }) => result === 'ok').map(({ seq }) => seq);
    assert.deepEqual(
      got.filter((seq) => !unknown.includes(seq)),
      sure.sort((a, b) => a - b),
      `${name}: what is known is true`,
    );
    const [last] = ofKind(records, 'finished');
    assert.equal(last?.counts.ok, sure.length, name);
    assert.deepEqual(
      records.map(({ n }) => n),
      records.map((_, index) => index + 1),
      name,
    );
  });
}
