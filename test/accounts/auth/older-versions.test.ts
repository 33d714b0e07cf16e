import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  accountMark,
  sessionBeganClaim,
  sessionMark,
  sessionOf,
  type TokenSession,
} from '../../../src/auth/token-session.js';
import type { SessionEntry } from '../../../src/bus/account-messages.js';
import { stores } from '../../../src/bus/subjects.js';
import { EndedSessions } from '../../../src/hub/ended-sessions.js';
import { until } from '../../support/nats.js';
import { type Stage, setStage } from './stage.js';

let stage: Stage;
before(async () => {
  stage = await setStage();
});
after(() => stage.stop());

const issuer = 'postern-accounts';

test('a token that does not say when its session began is over where it was made before the account logged out everywhere', async () => {
  const ends = await (await stage.nats.accounts()).store(stores.accountEnds);
  const known = new EndedSessions(ends);
  const email = 'ada@example.org';
  const outMs = 1_900_000_000_500;
  await ends.create(accountMark(issuer, email), { v: 1, beforeMs: outMs, atMs: Date.now() });
  const isOver = (claims: Record<string, unknown>) => {
    const session = sessionOf(issuer, email, { sid: 'one', ...claims }) ?? assert.fail();
    return known.isOver(session);
  };
  try {
    await until('it is known', () => isOver({ iat: 1_899_999_999 }));
    assert.equal(isOver({ iat: 1_900_000_000 }), false, 'it may be of a later moment of this second');
    assert.equal(isOver({ iat: 1_900_000_001 }), false, 'of somebody who has logged in again');
    assert.equal(isOver({ iat: 1_900_000_001, [sessionBeganClaim]: outMs - 1 }), true, 'what it says counts');
    assert.equal(isOver({}), true, 'nothing speaks for it');
  } finally {
    known.stop();
  }
});

test('what a process of an older version ends is told to hubs by a newer one, and what it had ended before is not', async () => {
  const bus = await stage.nats.accounts();
  const sessions = await bus.store(stores.accountSessions);
  const known = new EndedSessions(await bus.store(stores.accountEnds));
  const marks = (session: string): TokenSession => ({
    ...{ session: sessionMark(issuer, session), account: 'none', beganMs: 1 },
  });
  const entry: SessionEntry = {
    ...{ v: 1, email: 'ada@example.org', createdAtMs: 1, expiresAtMs: Date.now() + 3_600_000 },
    ...{ generation: 0, refreshedBy: 'request' },
  };
  // An older version does not say when.
  const ended = { ...entry, ended: 'logout' as const };
  try {
    await sessions.create('long-over', ended);
    const revision = await sessions.create('open', entry);
    const dated = await sessions.create('dated', entry);
    await stage.start();
    // When this is told all that was there before has been looked at.
    await sessions.update('dated', { ...ended, endedAtMs: stage.clock.nowMs }, dated);
    await until('the end with a time is told', () => known.isOver(marks('dated')));
    await sessions.update('open', ended, revision);
    await until('the end without is told', () => known.isOver(marks('open')));
    assert.equal(known.isOver(marks('long-over')), false);
  } finally {
    known.stop();
  }
});
