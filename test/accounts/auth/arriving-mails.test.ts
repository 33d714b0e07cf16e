import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { type DnsServer, startDns } from './dns-server.js';
import { type Accounts, call, type Stage, setStage } from './stage.js';

const to = 'verify@accounts.example.net';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

let stage: Stage;
let dns: DnsServer;
let accounts: Accounts;

before(async () => {
  stage = await setStage();
  dns = await startDns();
  for (const name of ['spf.example.org', 'dkim.example.org', 'victim.example.org', 'evil.example.com']) {
    dns.txt.set(`_dmarc.${name}`, 'v=DMARC1; p=reject');
  }
  dns.txt.set('spf.example.org', 'v=spf1 ip4:127.0.0.1 -all');
  dns.txt.set('victim.example.org', 'v=spf1 ip4:192.0.2.1 -all');
  dns.txt.set('evil.example.com', 'v=spf1 ip4:127.0.0.1 -all');
  dns.txt.set('loose.example.org', 'v=spf1 ip4:127.0.0.1 -all');
  dns.txt.set('s1._domainkey.dkim.example.org', `v=DKIM1; k=rsa; p=${publicKey}`);
  dns.txt.set('s1._domainkey.evil.example.com', `v=DKIM1; k=rsa; p=${publicKey}`);
  accounts = await stage.start({ mail: { by: 'user', listen: '127.0.0.1:0', to, dns: [dns.address] } });
});
after(async () => {
  await stage.stop();
  await dns.stop();
});

const port = () => Number(accounts.places.mail[0]?.split(':')[1]);
const ask = async (email: string): Promise<string> => {
  const begun = await call(accounts.auth, accounts.auth.userRegisterRequest, { email });
  assert.equal(begun.theEmailTheUserNeedToSendVerifyCodeTo, to);
  return begun.theVerifyCodeTheUserNeedToSendBack;
};
const confirm = (email: string, code: string) =>
  call(accounts.auth, accounts.auth.userRegisterConfirm, { email, theVerifyCodeTheUserNeedToSendBack: code });

/** Mails as a client of the outside does. Rejects with what the server says. */
async function mail(message: SendMailOptions): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: port(), ignoreTLS: true });
  try {
    await transport.sendMail({ to, ...message });
  } finally {
    transport.close();
  }
}
const dkim = (domainName: string, more = {}) => ({
  dkim: { domainName, keySelector: 's1', privateKey, ...more },
});

test('a mail that SPF proves lets the address in, and before it comes nobody is let in', async () => {
  const email = 'ada@spf.example.org';
  const code = await ask(email);
  assert.match((await confirm(email, code)).error ?? '', /has not come yet/);
  await mail({ from: email, subject: `Re: verify: ${code}`, text: 'hello' });
  assert.notEqual((await confirm(email, code)).jwt, '');
});

test('a mail that DKIM proves lets the address in, whoever has passed it on', async () => {
  const email = 'ada@dkim.example.org';
  const code = await ask(email);
  await mail({
    envelope: { from: 'list@evil.example.com', to },
    ...{ from: `Ada <${email}>`, subject: 'my code', text: `\nverify:${code.toUpperCase()}\n` },
    ...dkim('dkim.example.org'),
  });
  assert.notEqual((await confirm(email, code)).jwt, '');
});

test('a forged sender proves nothing', async () => {
  const email = 'ada@victim.example.org';
  const code = await ask(email);
  const text = `verify: ${code}`;
  const forged: SendMailOptions[] = [
    { from: email, text },
    // a domain of one's own, in all places but the one that people see
    { envelope: { from: 'eve@evil.example.com', to }, from: email, text },
    { envelope: { from: 'eve@evil.example.com', to }, from: email, text, ...dkim('evil.example.com') },
    { envelope: { from: 'eve@evil.example.com', to }, from: email, text, ...dkim('victim.example.org') },
    { envelope: { from: 'eve@evil.example.com', to }, from: `"${email}" <eve@evil.example.com>`, text },
  ];
  for (const each of forged) await assert.rejects(mail(each), { responseCode: 550 });
  const twice = `From: eve@evil.example.com\r\nFrom: ${email}\r\nTo: ${to}\r\n\r\n${text}\r\n`;
  const both = `From: eve@evil.example.com, ${email}\r\nTo: ${to}\r\n\r\n${text}\r\n`;
  // what one library takes for an address here, and another one does not
  const encoded = `=?utf-8?q?=3C${email.replace('@', '=40')}=3E?=`;
  const unlike = [`${encoded};%<eve@evil.example.com>`, `${encoded},<eve@evil.example.com>`].map(
    (from) => `From: ${from}\r\nTo: ${to}\r\n\r\n${text}\r\n`,
  );
  for (const raw of [twice, both, ...unlike]) {
    await assert.rejects(mail({ envelope: { from: 'eve@evil.example.com', to }, raw }), {
      responseCode: 550,
    });
  }
  assert.match((await confirm(email, code)).error ?? '', /has not come yet/);
});

test('what a program of the address sends by itself proves nothing, since it repeats what strangers write', async () => {
  const email = 'fay@spf.example.org';
  const code = await ask(email);
  const message = { from: email, subject: `Automatic reply: verify: ${code}`, text: 'I am away' };
  const kinds = [
    { 'auto-submitted': 'auto-replied' },
    { precedence: 'auto_reply' },
    { 'x-autoreply': 'yes' },
  ];
  for (const headers of kinds) await assert.rejects(mail({ ...message, headers }), { responseCode: 550 });
  await assert.rejects(mail({ ...message, envelope: { from: '', to } }), { responseCode: 550 });
  assert.match((await confirm(email, code)).error ?? '', /has not come yet/);
});

test('a signed mail with a subject that was not signed does not prove what the subject says', async () => {
  const email = 'bob@dkim.example.org';
  const code = await ask(email);
  const unsigned = dkim('dkim.example.org', { headerFieldNames: 'from:to' });
  const from = { envelope: { from: 'eve@evil.example.com', to }, from: email };
  await assert.rejects(mail({ ...from, subject: `verify: ${code}`, text: 'an old mail', ...unsigned }), {
    message: /there is no 'verify: CODE'/,
  });
  await mail({ ...from, subject: 'verify: x', text: `verify: ${code}`, ...unsigned });
  assert.notEqual((await confirm(email, code)).jwt, '');
});

test('a domain without a DMARC policy proves nothing, unless that is asked for', async () => {
  const email = 'ada@loose.example.org';
  const code = await ask(email);
  await assert.rejects(mail({ from: email, text: `verify: ${code}` }), {
    responseCode: 550,
    message: /DMARC/,
  });
  const strict = accounts;
  accounts = await stage.start({
    mail: { by: 'user', listen: '127.0.0.1:0', to, dns: [dns.address], check: 'aligned' },
  });
  try {
    await mail({ from: email, text: `verify: ${code}` });
    assert.notEqual((await confirm(email, code)).jwt, '');
  } finally {
    await accounts.stop();
    accounts = strict;
  }
});

test('a mail is put off while DNS does not answer, and nobody else is mailed for', async () => {
  const email = 'cy@spf.example.org';
  const code = await ask(email);
  dns.failing = true;
  await assert.rejects(mail({ from: email, text: `verify: ${code}` }), { responseCode: 451 });
  dns.failing = false;
  await mail({ from: email, text: `verify: ${code}` });
  await assert.rejects(mail({ from: email, to: 'other@example.net', text: 'x' }), { responseCode: 550 });
  await assert.rejects(mail({ from: email, text: `verify: ${code.slice(1)}a` }), { responseCode: 550 });
  assert.notEqual((await confirm(email, code)).jwt, '');
});

test('a mail that is too large is refused, and a sixth connection of one address too', async () => {
  const email = 'di@spf.example.org';
  await assert.rejects(mail({ from: email, text: 'x'.repeat(300_000) }), { responseCode: 552 });
  const held = Array.from({ length: 5 }, () => connect(port(), '127.0.0.1').on('error', () => {}));
  try {
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
    const greeting = await new Promise<string>((resolve) => {
      connect(port(), '127.0.0.1').once('data', (said) => resolve(said.toString()));
    });
    assert.match(greeting, /^421/);
  } finally {
    for (const socket of held) socket.destroy();
  }
});
