import { actorOfKey } from '../machine/model.js';

/** Which actors a sequence is of; what is left out does not limit. */
export interface Asked {
  readonly machine?: string;
  readonly id?: string;
  readonly node?: string;
  readonly run?: string;
}

/** More actors by name are not followed. */
const most = 64;

/** The actors that a place asks for: by name, by node, by run; empty: it does not say. */
export function askedAt(query: URLSearchParams): readonly Asked[] {
  const list = (name: string) => (query.get(name) ?? '').split(',').filter(Boolean);
  return [
    ...list('actors').flatMap((key) => actorOfKey(key) ?? []),
    ...list('node').map((node) => ({ node })),
    ...list('run').map((run) => ({ run })),
  ].slice(0, most);
}
