import type { ActorNow, Move } from '../../../src/inspector/page/views/machine/model.js';

/** A transition that a test makes up; what it does not say is plain. */
export function move(change: Partial<Move> & { readonly of?: string }): Move {
  const { of = 'link/attic.a', ...rest } = change;
  const slash = of.indexOf('/');
  return {
    machine: of.slice(0, slash),
    id: of.slice(slash + 1),
    bornMs: 1,
    sequence: 1,
    atMs: 1_000,
    event: 'GO',
    detail: '',
    from: 'here',
    to: 'there',
    edges: [],
    context: '{}',
    by: '',
    ignored: {},
    definition: '',
    node: '',
    ...rest,
  };
}

/** An actor that a test makes up. */
export function actor(of: string, change: Partial<ActorNow> = {}): ActorNow {
  const slash = of.indexOf('/');
  return {
    machine: of.slice(0, slash),
    id: of.slice(slash + 1),
    node: '',
    run: '',
    state: 'here',
    sinceMs: 500,
    bornMs: 1,
    sequence: 0,
    context: '{}',
    gone: false,
    ignored: {},
    definition: '',
    operations: [],
    ...change,
  };
}
