import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonValue } from '@bufbuild/protobuf';
import type { RecordView } from '../records.js';
import type { Context } from './context.js';
import { type TokenFacts, tokenFacts, tokenFactsText } from './token-facts.js';

/** A context as people may see it: never its token. */
export interface ShownContext {
  readonly name: string;
  readonly current: boolean;
  readonly hub: string;
  readonly data: string;
  readonly hubCa: string;
  /** Where the token is from; '' for none. */
  readonly tokenFrom: string;
  /** What the token says of itself; undefined: nothing. */
  readonly token: TokenFacts | undefined;
  /** Why the context cannot be used; '' where it can. */
  readonly problem: string;
}

/** What may be shown of a context. Never throws. */
export async function shownContext(name: string, current: boolean, content: Context): Promise<ShownContext> {
  const { hub = '', data = '', hubCa = '' } = content;
  const base = { name, current, hub, data, hubCa, problem: '' };
  if (content.token !== undefined) {
    return { ...base, tokenFrom: 'the context', token: tokenFacts(content.token.trim()) };
  }
  const file = content.tokenFile ?? (data === '' ? undefined : join(data, 'tokens/admin.jwt'));
  if (file === undefined) return { ...base, tokenFrom: '', token: undefined };
  try {
    return { ...base, tokenFrom: file, token: tokenFacts((await readFile(file, 'utf8')).trim()) };
  } catch {
    return { ...base, tokenFrom: file, token: undefined, problem: `${file} cannot be read` };
  }
}

/** A context that cannot be read. */
export function brokenContext(name: string, current: boolean, problem: string): ShownContext {
  return { name, current, hub: '', data: '', hubCa: '', tokenFrom: '', token: undefined, problem };
}

/** How `postern context ls` prints a context. */
export const contextView: RecordView<ShownContext> = {
  root: 'contexts',
  element: 'context',
  name: ({ name }) => name,
  json: contextJson,
  columns: [
    { title: 'CURRENT', text: ({ current }) => (current ? '*' : '') },
    { title: 'NAME', text: ({ name }) => name },
    { title: 'HUB', text: ({ hub, data }) => (hub === '' && data !== '' ? `the one of ${data}` : hub) },
    { title: 'TOKEN', text: ({ tokenFrom }) => (tokenFrom === '' ? 'none' : `from ${tokenFrom}`) },
    { title: 'PROBLEM', text: ({ problem }) => problem },
  ],
};

/** All that may be told to programs. */
export function contextJson(shown: ShownContext): JsonValue {
  const { token, ...rest } = shown;
  return {
    ...rest,
    tokenId: token?.id ?? '',
    tokenSubject: token?.subject ?? '',
    tokenExpiresAtMs: token?.expiresAtMs ?? 0,
  };
}

/** One context for people, a line for each thing. */
export function contextLines(shown: ShownContext, file: string, nowMs: number): string {
  const { name, current, hub, data, hubCa, tokenFrom, token, problem } = shown;
  const about = problem === '' ? `, ${tokenFactsText(token, nowMs)}` : '';
  const lines = [
    ['name', `${name}${current ? ' (the one that counts)' : ''}`],
    ['hub', hub === '' ? `the one that runs with ${data}` : hub],
    ['data', data],
    ['authorities', hubCa],
    ['token', tokenFrom === '' ? 'none' : `from ${tokenFrom}${about}`],
    ['file', file],
    ['problem', problem],
  ] as const;
  return lines
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${title.padEnd(11)}  ${text}\n`)
    .join('');
}
