import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Profile } from '../../../src/accounts/storage/profile.js';
import { Profiles } from '../../../src/accounts/storage/profiles.js';
import { stores } from '../../../src/bus/subjects.js';
import { errorText, PosternError } from '../../../src/errors.js';
import { plainKeys } from '../../support/accounts/plain-keys.js';
import { startTestNats, type TestNats } from '../../support/nats.js';

/** What somebody does; `by`: through which process. */
type Step =
  | { readonly do: 'create'; readonly by: 0 | 1 }
  | { readonly do: 'delete'; readonly by: 0 | 1 }
  | { readonly do: 'get'; readonly by: 0 | 1 }
  | { readonly do: 'update'; readonly by: 0 | 1; readonly change: Profile; readonly twice: boolean };
/** What is to be seen of it. */
type Seen = string;
/** The model: a profile, or none. */
type State = Profile | undefined;

const by = fc.constantFrom<0 | 1>(0, 1);
const change = fc.record(
  {
    username: fc.constantFrom('ada', 'bob', ''),
    headImage: fc.constantFrom('x', 'y', ''),
    sex: fc.integer({ min: 0, max: 10 }),
    age: fc.integer({ min: 149, max: 151 }),
  },
  { requiredKeys: [] },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('create' as const, 'delete' as const, 'get' as const), by }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('update' as const), by, change, twice: fc.boolean() }),
  },
);
/** Steps of one round are done at the same time. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

/** What a step does to the model, written anew from the rules. */
function modelled(state: State, step: Step): { readonly state: State; readonly seen: Seen } {
  if (step.do === 'create') {
    return state === undefined ? { state: {}, seen: 'done' } : { state, seen: 'ALREADY_EXISTS' };
  }
  if (step.do === 'delete') return { state: undefined, seen: 'done' };
  if (step.do === 'get') return { state, seen: shown(state) };
  if (state === undefined) return { state, seen: 'NOT_FOUND' };
  const { sex, age } = step.change;
  if ((sex ?? 0) > 9 || (age ?? 0) > 150) return { state, seen: 'ARGUMENT_INVALID' };
  const next = Object.fromEntries(
    Object.entries({ ...state, ...step.change }).filter(([, value]) => value !== ''),
  );
  return { state: next, seen: shown(next) };
}

function shown(state: State): Seen {
  if (state === undefined) return 'none';
  const { username, headImage, sex, age } = state;
  return JSON.stringify([username, headImage, sex, age]);
}

/** All orders of some things. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, at) => orders(things.toSpliced(at, 1)).map((rest) => [thing, ...rest]));
}

/** Where a round may have led, by what was seen of its steps: of each order that explains it, the state after it. */
function explained(state: State, round: readonly Step[], seen: readonly Seen[]): State[] {
  return orders(round.map((_, at) => at)).flatMap((order) => {
    let now = state;
    for (const at of order) {
      const one = round[at];
      if (one === undefined) return [];
      const after = modelled(now, one);
      if (after.seen !== seen[at]) return [];
      now = after.state;
    }
    return [now];
  });
}

describe('profiles with concurrent writers in two processes', () => {
  let nats: TestNats;
  let both: Profiles[];
  let unique = 0;

  before(async () => {
    nats = await startTestNats();
    both = [];
    for (let i = 0; i < 2; i++) {
      const bus = await nats.accounts();
      both.push(new Profiles({ store: await bus.store(stores.accountProfiles), people: plainKeys }));
    }
  });
  after(() => nats.stop());

  async function carriedOut(email: string, step: Step, again: (() => Promise<unknown>)[]): Promise<Seen> {
    const profiles = both[step.by];
    if (profiles === undefined) throw new Error('there are two processes');
    const request = `r${++unique}`;
    try {
      if (step.do === 'get') return shown((await profiles.get(email))?.profile);
      if (step.do === 'update') {
        const wish = { change: step.change, request };
        const done = shown((await profiles.update(email, wish)).profile);
        if (step.twice) again.push(async () => both[1 - step.by]?.update(email, wish));
        return done;
      }
      if (step.do === 'create') await profiles.create(email, request);
      else await profiles.delete(email);
      return 'done';
    } catch (thrown) {
      if (thrown instanceof PosternError) return thrown.code;
      throw new Error(errorText(thrown));
    }
  }

  const stateOf = async (email: string): Promise<Seen> => shown((await both[0]?.get(email))?.profile);

  it('are as if one had written after the other, whatever they do at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const email = `m${++unique}@example.com`;
        let possible: State[] = [undefined];
        for (const round of all) {
          const again: (() => Promise<unknown>)[] = [];
          const seen = await Promise.all(round.map((one) => carriedOut(email, one, again)));
          // Answers were lost, and the other process is asked: what others did since stays.
          const before = await stateOf(email);
          for (const ask of again) await ask().catch(() => {});
          assert.equal(await stateOf(email), before);
          possible = possible.flatMap((state) => explained(state, round, seen));
          assert.ok(possible.length > 0, `no order explains ${JSON.stringify({ round, seen })}`);
        }
        const end = await stateOf(email);
        assert.ok(possible.map(shown).includes(end), `${end} is none of ${possible.map(shown).join(', ')}`);
      }),
      { numRuns: 40 },
    );
  });
});
