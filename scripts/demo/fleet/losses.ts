import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { same } from '../context.js';
import { loser } from './scenarios.js';

/** A line of what a daemon writes about what it did wrong on purpose. */
const misdeed = z.object({ misdeed: z.literal('lose'), n: z.number(), id: z.string() });

/** Messages that were lost: by the daemon's own account, and by the report's. */
export interface Losses {
  readonly count: number;
  /** Their numbers, for people. */
  readonly numbers: string;
}

/** That the report calls those messages lost that the daemon has lost, by their ids, at each receiver, and no others. */
export async function lossesOf(
  judgement: Pick<Judgement, 'messages'> & { readonly plan: Pick<Judgement['plan'], 'nodes'> },
  directory: string,
): Promise<Losses> {
  const file = path.join(directory, 'nodes', loser, 'truth.jsonl');
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const told = lines.map((line) => misdeed.parse(JSON.parse(line)));
  const receivers = judgement.plan.nodes.filter((node) => node !== loser).sort();
  const named = judgement.messages.flatMap(({ sender, seq, troubles, history }) => {
    const lostAt = troubles.flatMap(({ trouble, receiver }) => (trouble === 'lost' ? (receiver ?? []) : []));
    if (lostAt.length === 0) return [];
    if (sender !== loser) throw new Error(`the report calls message ${seq} of ${sender} lost`);
    same(`message ${seq} of ${sender} is lost at`, lostAt.sort().join(), receivers.join());
    const id = history.find(({ what }) => what === 'ok')?.detail;
    return [{ seq, id: id ?? `message ${seq}, without an id` }];
  });
  const idsOf = (messages: readonly { readonly id: string }[]): string =>
    messages
      .map(({ id }) => id)
      .sort()
      .join('\n');
  same('the lost messages', idsOf(named), idsOf(told));
  return { count: named.length, numbers: named.map(({ seq }) => seq).join(', ') };
}
