import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { admit } from '../../../src/accounts/auth/admit.js';
import { Codes } from '../../../src/accounts/auth/codes.js';
import { addressKey, Directory } from '../../../src/accounts/auth/directory.js';
import { Proofs } from '../../../src/accounts/auth/proofs.js';
import { SessionEnds } from '../../../src/accounts/auth/session-ends.js';
import { Sessions } from '../../../src/accounts/auth/sessions.js';
import { AccountTokens } from '../../../src/accounts/auth/tokens.js';
import { accountsConfig } from '../../../src/accounts/config.js';
import { loadOrCreateSigningKey } from '../../../src/auth/caller-tokens.js';
import { stores } from '../../../src/bus/subjects.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { call, register, type Stage, setStage } from './stage.js';

let stage: Stage;
before(async () => {
  stage = await setStage();
});
after(() => stage.stop());

test('an account that is erased while its owner is let in does not come back', async () => {
  const bus = await stage.nats.accounts();
  const config = accountsConfig.parse({ mail: { by: 'nobody', codesInAnswersForTests: true } });
  const { now } = Date;
  const directory = await Directory.open(bus, { admins: [], onlineMs: 1_000, now });
  const dir = await mkdtemp(join(tmpdir(), 'postern-admit-'));
  const tokens = new AccountTokens(await loadOrCreateSigningKey(dir, 'accounts'), config, now);
  const ends = await SessionEnds.open(bus, { issuer: config.issuer, now, log: testLog });
  const sessions = await Sessions.open(bus, { tokens, ends, lifeMs: 60_000, now });
  const proofs = await Proofs.open(bus, { codes: new Codes(Buffer.from('secret')), config, now });
  const email = 'late@example.org';
  const enter = async (late: boolean) => {
    const request = `request-${late}`;
    const { code } = await proofs.begin(email, request, '');
    const session = await proofs.confirm(email, code, { request, source: '' });
    const erased = {
      eraseOf: (address: string) => directory.eraseOf(address),
      async ensure(address: string) {
        for (const part of late ? [directory, sessions, proofs] : []) await part.eraseOf(address);
        return directory.ensure(address);
      },
    };
    return { session, done: admit({ directory: erased, sessions, proofs }, { email, session, request }) };
  };
  try {
    const late = await enter(true);
    await assert.rejects(late.done, { code: 'PRECONDITION_FAILED' });
    assert.equal(await directory.get(email), undefined);
    assert.equal(await sessions.open(late.session), undefined);
    const well = await enter(false);
    await well.done;
    assert.equal((await directory.get(email))?.email, email);
    assert.equal((await sessions.open(well.session))?.email, email);
  } finally {
    for (const part of [directory, sessions, proofs]) part.stop();
    await ends.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

test('while an address is being erased nobody registers it, and once it is they do', async () => {
  const accounts = await stage.start();
  const email = 'again@example.org';
  const begun = await call(accounts.auth, accounts.auth.userRegisterRequest, { email });
  const erasures = await (await stage.nats.accounts()).store(stores.accountErasures);
  await erasures.create(addressKey(email), { v: 1, email, by: 'themself', atMs: Date.now() });
  const code = begun.theVerifyCodeTheUserNeedToSendBack;
  const confirmed = await call(accounts.auth, accounts.auth.userRegisterConfirm, {
    email,
    theVerifyCodeTheUserNeedToSendBack: code,
  });
  assert.match(confirmed.error ?? '', /being removed/);
  const asked = await call(accounts.auth, accounts.auth.userRegisterRequest, { email });
  assert.match(asked.error ?? '', /being removed/);
  await eventually('the erasure ends', async () => (await erasures.get(addressKey(email))) === undefined);
  assert.notEqual((await register(accounts, email)).jwt, '');
});
