import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadOrCreateAuthority } from '../../../src/bus/authority.js';
import { connectBus } from '../../../src/bus/connect.js';
import { type EmbeddedServer, startEmbeddedServer } from '../../../src/bus/embedded-server.js';
import { readResults, type StoredResult } from '../../../src/bus/read-results.js';
import type { RecordKind, RecordOf } from '../../../src/bus/result-records.js';
import { cidText } from '../../../src/daemon/group/cid.js';
import type { DaemonProcess } from '../../support/daemon.js';
import { natsServer, testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

/** So many of all disagreements are told. */
const mostTold = 20;

/** What the stream of results of a hub's data directory holds of the run `r1`; a hub may run on it, or none. */
export async function resultsIn(data: string, hubRuns: boolean): Promise<StoredResult[]> {
  const authority = await loadOrCreateAuthority(path.join(data, 'keys'));
  let server: EmbeddedServer | undefined;
  if (!hubRuns) {
    const { path: binary } = await natsServer();
    server = await startEmbeddedServer({ dir: data, binary, authority, log: testLog });
  }
  const url = server?.url ?? `nats://127.0.0.1:${await readFile(path.join(data, 'nats/port'), 'utf8')}`;
  try {
    const name = 'account of the test';
    const user = await authority.newUser({ role: 'hub', name, ttlSeconds: 600 });
    const bus = await connectBus({
      servers: [url.trim()],
      identity: user.identity,
      credentials: () => user,
      name,
      log: testLog,
      firstConnect: 'fail',
    });
    try {
      const found: StoredResult[] = [];
      for await (const one of readResults(bus, 'r1')) found.push(one);
      return found;
    } finally {
      await bus.close();
    }
  } finally {
    await server?.stop();
  }
}

/** A message of a test in the log of a daemon. */
export interface Logged {
  readonly id: string;
  /** `NODE SEQ` of the message. */
  readonly line: string;
}

/** The messages of a test that a daemon has in a group. */
async function logOf(
  daemon: Pick<DaemonProcess, 'messages'>,
  group: string,
  { run, test }: { run: string; test: string },
): Promise<Logged[]> {
  const events = await daemon.messages(Buffer.from(group, 'base64url'));
  return events.flatMap((event) => {
    const text = Buffer.from(event.message).toString('latin1');
    const [, ofRun, of, line] = /postern\/1 (\S+) (\S+) (\S+ \d+)\n/.exec(text) ?? [];
    return line === undefined || ofRun !== run || of !== test
      ? []
      : [{ id: cidText(event.eventContext?.id ?? Buffer.alloc(0)), line }];
  });
}

/** The messages of a test in the logs of daemons, by node: when all have the same, or as they are in the end. */
export async function convergedLogs(
  daemons: ReadonlyMap<string, Pick<DaemonProcess, 'messages'>>,
  group: string,
  test: string,
  run = 'r1',
): Promise<Map<string, Logged[]>> {
  const logs = new Map<string, Logged[]>();
  await eventually('all daemons have the same messages', async () => {
    for (const [node, daemon] of daemons) logs.set(node, await logOf(daemon, group, { run, test }));
    const ids = [...logs.values()].map((log) => log.map(({ id }) => id).join());
    return new Set(ids).size === 1;
  }).catch(() => undefined);
  return logs;
}

/** All that is known of one test when it is over. */
export interface Evidence {
  readonly test: string;
  readonly nodes: readonly string[];
  /** Messages that each node was to send. */
  readonly amount: number;
  readonly results: readonly StoredResult[];
  /** By node. */
  readonly logs: ReadonlyMap<string, readonly Logged[]>;
  /** Every node must have been told of every message: not where a daemon may be away until the test is over. */
  readonly everyReceipt: boolean;
}

/** Fails with what of the evidence does not agree. */
export function assertAgreement(evidence: Evidence, context = ''): void {
  const found = disagreements(evidence);
  const more = found.length > mostTold ? `\n… and ${found.length - mostTold} more` : '';
  assert.ok(
    found.length === 0,
    `not all is accounted for; ${context}\n${found.slice(0, mostTold).join('\n')}${more}\n${tally(evidence)}`,
  );
}

/** What became of the messages of each node, and why: how many of each. */
function tally({ results, test }: Evidence): string {
  const counts = new Map<string, number>();
  for (const one of results) {
    const { node, record } = one;
    if (one.test !== test) continue;
    let what: string = record.k;
    if (record.k === 'outcome') what = `${record.result} ${record.code ?? ''} ${record.message ?? ''}`;
    if (record.k === 'final') what = `final ${record.complete ? 'complete' : 'broken'}`;
    if (record.k === 'note') what = `note ${record.topic} ${String(record.data.reason ?? '')}`;
    if (record.k === 'daemon' || record.k === 'hub') what = `${record.k} ${record.up ? 'up' : 'down'}`;
    const line = `${node}: ${what}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts]
    .map(([line, count]) => `${line}: ${count}`)
    .sort()
    .join('\n');
}

/** What of the evidence does not agree, in words; nothing where all is accounted for. */
function disagreements(evidence: Evidence): string[] {
  const found: string[] = [];
  const union = new Set([...evidence.logs.values()].flat().map(({ id }) => id));
  for (const [node, log] of evidence.logs) {
    found.push(...repeated(log.map(({ id }) => id)).map((id) => `${node}'s daemon lists ${id} twice`));
    found.push(
      ...repeated(log.map(({ line }) => line)).map((line) => `${node}'s daemon has ${line} sent twice`),
    );
    const own = new Set(log.map(({ id }) => id));
    const lacks = [...union].filter((id) => !own.has(id)).length;
    if (lacks > 0) found.push(`${node}'s daemon lacks ${lacks} of ${union.size} messages`);
  }
  for (const node of evidence.nodes) found.push(...ofNode(evidence, node, union));
  return found;
}

function ofNode({ test, results, logs, amount, everyReceipt }: Evidence, node: string, union: Set<string>) {
  const own = results.filter((one) => one.node === node && one.test === test);
  const records = own.map(({ record }) => record);
  const found: string[] = [];
  const say = (what: string): void => void found.push(`${node}: ${what}`);
  const journals = new Set(own.map(({ journal }) => journal)).size;
  if (journals !== 1) say(`${journals} journals`);
  const wrong = records.findIndex(({ n, k }, at) => n !== at + 1 || k === 'damaged');
  if (wrong >= 0) say(`record ${wrong + 1} is ${JSON.stringify(records[wrong])}`);
  const last = records.at(-1);
  if (last?.k !== 'finished') say(`the last record is ${JSON.stringify(last)}`);

  const pick = <K extends RecordKind>(kind: K): RecordOf<K>[] =>
    records.filter((record): record is RecordOf<K> => record.k === kind);
  const intents = new Set(pick('intent').map(({ seq }) => seq));
  const leftOut = new Set(pick('slip').flatMap(({ seq, sent }) => (sent ? [] : [seq])));
  const outcomes = pick('outcome');
  for (const [what, seqs] of [
    ['intent', pick('intent')],
    ['outcome', outcomes],
  ] as const) {
    for (const seq of repeated(seqs.map((one) => one.seq))) say(`${seq} has a second ${what}`);
  }
  for (let seq = 1; seq <= amount; seq++) {
    if (intents.has(seq) === leftOut.has(seq)) say(`${seq} is neither meant nor left out, or both`);
  }
  const settled = new Map(outcomes.map((outcome) => [outcome.seq, outcome]));
  for (const seq of intents) if (!settled.has(seq)) say(`${seq} has no outcome`);
  for (const [reader, log] of logs) {
    const bySeq = new Map(
      log.flatMap(({ id, line }) => (line.startsWith(`${node} `) ? [[Number(line.split(' ')[1]), id]] : [])),
    );
    for (const { seq, result, id, code } of outcomes) {
      const stored = bySeq.get(seq);
      if (result === 'ok' && stored !== id)
        say(`${seq} is ok as ${id}, ${reader}'s daemon has ${stored ?? 'nothing'}`);
      if (result === 'fail' && stored !== undefined)
        say(`${seq} failed (${code}), ${reader}'s daemon has it`);
    }
    for (const seq of bySeq.keys())
      if (!settled.has(Number(seq))) say(`${seq} was never meant, ${reader}'s daemon has it`);
  }
  const links = records.filter(({ k }) => k === 'daemon' || k === 'boot');
  for (const [at, link] of links.entries()) {
    const before = links[at - 1];
    const isRepeated = link.k === 'daemon' && before?.k === 'daemon' && before.up === link.up;
    if (isRepeated) say(`record ${link.n} tells again that the daemon is ${link.up ? 'there' : 'away'}`);
  }
  const came = pick('receipt').filter((receipt) => receipt.test === test);
  const unheard = came.filter(({ id }) => !union.has(id)).length;
  if (unheard > 0) say(`${unheard} receipts of what no daemon has`);
  for (const last of [false, true]) {
    const ids = came.filter(({ how }) => (how === 'final') === last).map(({ id }) => id);
    const when = last ? 'in the last reading' : 'as they came';
    for (const id of repeated(ids)) say(`${id} is received twice ${when}`);
    const missing = union.size - new Set(ids).size;
    if (everyReceipt && missing !== 0) say(`${missing} of ${union.size} messages were not received ${when}`);
  }
  return found;
}

function repeated<T>(items: readonly T[]): T[] {
  const seen = new Set<T>();
  return items.filter((item) => seen.size === seen.add(item).size);
}
