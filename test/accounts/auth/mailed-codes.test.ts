import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import { until } from '../../support/nats.js';
import { captureMails, codeOf } from './mail-server.js';
import { type Accounts, call, type Stage, setStage } from './stage.js';

let stage: Stage;

before(async () => {
  stage = await setStage();
});
after(() => stage.stop());

const ask = ({ auth }: Accounts, email: string) => call(auth, auth.userRegisterRequest, { email });
const confirm = ({ auth }: Accounts, email: string, code: string) =>
  call(auth, auth.userRegisterConfirm, { email, theVerifyCodeTheUserNeedToSendBack: code });
const smtp = (
  port: number,
  more: { security?: 'off' | 'starttls'; ca?: string; codesInAnswersForTests?: boolean } = {},
) => ({
  mail: {
    by: 'us' as const,
    host: '127.0.0.1',
    port,
    from: 'accounts@example.net',
    security: 'off' as const,
    ...more,
  },
});

test('a code is mailed to the address, told to nobody else, and proves it', async () => {
  const server = await captureMails();
  const accounts = await stage.start(smtp(server.port));
  try {
    const begun = await ask(accounts, 'ada@example.org');
    assert.deepEqual(
      [begun.error, begun.theEmailTheUserNeedToSendVerifyCodeTo, begun.theVerifyCodeTheUserNeedToSendBack],
      [undefined, '', ''],
    );
    await until('the mail comes', () => server.mails.length === 1);
    const [mail] = server.mails;
    assert.ok(mail !== undefined);
    assert.deepEqual([mail.from, mail.to], ['accounts@example.net', ['ada@example.org']]);
    assert.match(mail.text, /good for 10 minutes/);
    assert.notEqual((await confirm(accounts, 'ada@example.org', codeOf(mail))).jwt, '');
  } finally {
    await accounts.stop();
    await server.stop();
  }
});

test('a mail that no server took is sent by another process, with the same code', async () => {
  const server = await captureMails();
  server.busy = true;
  const first = await stage.start(smtp(server.port));
  await ask(first, 'later@example.org');
  await first.stop();
  assert.equal(server.mails.length, 0);
  server.busy = false;
  const second = await stage.start(smtp(server.port));
  try {
    stage.clock.nowMs += 31_000;
    await until('the mail comes', () => server.mails.length > 0);
    const [mail] = server.mails;
    assert.ok(mail !== undefined);
    assert.notEqual((await confirm(second, 'later@example.org', codeOf(mail))).jwt, '');
    stage.clock.nowMs += 31_000;
    await ask(second, 'next@example.org');
    await until('the next one comes', () => server.mails.some(({ to }) => to.includes('next@example.org')));
    assert.equal(
      server.mails.filter(({ to }) => to.includes('later@example.org')).length,
      1,
      'not sent twice',
    );
  } finally {
    await second.stop();
    await server.stop();
  }
});

test('a mail server is told nothing before TLS with a certificate that is trusted, unless that is turned off', async () => {
  const authority = await makeAuthority('mail authority');
  const ca = path.join(stage.nats.dir, 'mail-ca.pem');
  await writeFile(ca, authority.cert);
  const tls = await authority.issue(['127.0.0.1', 'localhost']);
  const [plain, encrypted] = [await captureMails(), await captureMails({ tls })];
  // One after the other, as each could answer for the other. Stopping waits for mails that are on their way.
  const toPlain = await stage.start(smtp(plain.port, { security: 'starttls', ca }));
  await ask(toPlain, 'plain@example.org');
  await toPlain.stop();
  const untrusting = await stage.start(smtp(encrypted.port, { security: 'starttls' }));
  await ask(untrusting, 'untrusted@example.org');
  await untrusting.stop();
  assert.deepEqual([plain.mails.length, encrypted.mails.length], [0, 0]);
  const trusting = await stage.start(smtp(encrypted.port, { security: 'starttls', ca }));
  try {
    await ask(trusting, 'trusted@example.org');
    await until('the mail comes', () => encrypted.mails.some(({ to }) => to.includes('trusted@example.org')));
    assert.ok(encrypted.mails.every(({ secure }) => secure));
  } finally {
    await trusting.stop();
    await plain.stop();
    await encrypted.stop();
  }
});

test('codes are in answers only where that is asked for', async () => {
  const server = await captureMails();
  const accounts = await stage.start(smtp(server.port, { codesInAnswersForTests: true }));
  const begun = await ask(accounts, 'told@example.org');
  await until('it is mailed, too', () =>
    server.mails.some((mail) => codeOf(mail) === begun.theVerifyCodeTheUserNeedToSendBack),
  );
  await accounts.stop();
  await server.stop();
});
