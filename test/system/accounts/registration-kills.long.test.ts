import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Registering, type Way } from './registering.js';

/** What is killed, and is there again before the next step. */
const kills = ['killAccounts', 'killNats'] as const;

for (const way of ['us', 'user'] satisfies Way[]) {
  test(`nothing is lost when accounts or NATS are killed between any two steps (mailed by ${way})`, async () => {
    const stage = await Registering.start(way);
    try {
      for (const kill of kills) {
        const steps = 5;
        for (let at = 0; at < steps; at++) {
          const email = `${kill.toLowerCase()}${at}@example.org`;
          const between = async (step: number) => {
            if (step === at) await stage[kill]();
          };
          const told = await stage.begin(email);
          await between(0);
          const code = await stage.mail(email, told);
          await between(1);
          const first = await stage.confirm(email, code);
          await between(2);
          assert.equal(await stage.createProfile(email, first.jwt), '');
          await between(3);
          const second = await stage.refresh(first.refreshToken);
          await between(4);
          assert.match(await stage.createProfile(email, second.jwt), /already/);
          await stage.refresh(second.refreshToken);
          await assert.rejects(stage.refresh(first.refreshToken), { code: status.UNAUTHENTICATED });
        }
      }
    } finally {
      await stage.stop();
    }
  });
}

test('a code that no mail server took before its process was killed is mailed by the next one', async () => {
  const stage = await Registering.start('us');
  try {
    const email = 'ada@example.org';
    stage.mails.busy = true;
    await stage.begin(email);
    await stage.killAccounts();
    stage.mails.busy = false;
    const { jwt } = await stage.confirm(email, await stage.mail(email, ''));
    assert.equal(await stage.createProfile(email, jwt), '');
  } finally {
    await stage.stop();
  }
});
