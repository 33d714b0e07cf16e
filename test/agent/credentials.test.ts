import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credentials } from '../../src/agent/credentials.js';
import { PosternError } from '../../src/errors.js';
import { testLog, until } from '../support/nats.js';

const never = new AbortController().signal;

function counting(lifeMs: number) {
  const state = { asked: 0, refuse: undefined as PosternError | undefined, failed: [] as string[] };
  const credentials = new Credentials({
    seed: 'SEED',
    enrol: async () => {
      state.asked += 1;
      if (state.refuse !== undefined) throw state.refuse;
      return { jwt: `jwt-${state.asked}`, nats: ['nats://here'], natsPath: undefined, lifeMs };
    },
    failed: ({ code }) => state.failed.push(code),
    log: testLog,
  });
  return { state, credentials };
}

test('fresh credentials are kept, refused ones are not', async (t) => {
  const { state, credentials } = counting(60_000);
  t.after(() => credentials.stop());
  assert.throws(() => credentials.current(), { code: 'NO_CREDENTIALS' });
  await credentials.ensure(never);
  await credentials.ensure(never);
  assert.equal(state.asked, 1);
  assert.deepEqual(credentials.current(), { jwt: 'jwt-1', seed: 'SEED' });
  assert.deepEqual(credentials.nats, ['nats://here']);
  credentials.refused();
  await credentials.ensure(never);
  assert.equal(credentials.current().jwt, 'jwt-2');
});

test('they are renewed at 70 % of their life, and again after a failure', async (t) => {
  const { state, credentials } = counting(5_000);
  t.after(() => credentials.stop());
  const started = performance.now();
  await credentials.ensure(never);
  await until('a renewal', () => state.asked === 2);
  const took = performance.now() - started;
  assert.ok(took >= 3_450 && took < 5_000, `renewed after ${took} ms`);
  state.refuse = new PosternError('REVOKED', 'the key was revoked');
  await until('a failed renewal', () => state.failed.length > 0);
  assert.equal(state.failed[0], 'REVOKED');
  state.refuse = undefined;
  const { asked } = state;
  await until('another attempt', () => state.asked > asked);
});

test('after stop nothing is renewed', async () => {
  const { state, credentials } = counting(60_000);
  await credentials.ensure(never);
  credentials.stop();
  assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length, 0);
  assert.equal(state.asked, 1);
});
