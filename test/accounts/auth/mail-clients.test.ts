import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { createTransport } from 'nodemailer';
import { Codes } from '../../../src/accounts/auth/codes.js';
import { openReceiving } from '../../../src/accounts/auth/mail/receiving.js';
import { Proofs } from '../../../src/accounts/auth/proofs.js';
import { accountsConfig } from '../../../src/accounts/config.js';
import { testLog, until } from '../../support/nats.js';
import { type DnsServer, startDns } from './dns-server.js';
import { call, type Stage, setStage } from './stage.js';

const to = 'verify@accounts.example.net';
const email = 'ada@far.example.org';
/** Where the relay says that it has the mail from. */
const far = '192.0.2.1';
let stage: Stage;
let dns: DnsServer;

before(async () => {
  [stage, dns] = [await setStage(), await startDns()];
  dns.txt.set('_dmarc.far.example.org', 'v=DMARC1; p=reject');
  dns.txt.set('far.example.org', `v=spf1 ip4:${far} -all`);
});
after(async () => {
  await stage.stop();
  await dns.stop();
});

const received = (ip: string) =>
  `Received: from far.example.org (far.example.org [${ip}]) by relay.example.net with ESMTP; Sun, 1 Nov 2026 00:00:00 +0000\r\n`;

async function mail(place: string, raw: string): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: Number(place.split(':')[1]),
    ignoreTLS: true,
  });
  try {
    await transport.sendMail({ envelope: { from: email, to }, raw });
  } finally {
    transport.close();
  }
}

test('behind a relay SPF is about whom its first Received names, and about nobody else', async () => {
  const settings = { by: 'user' as const, listen: '127.0.0.1:0', to, dns: [dns.address] };
  const relayed = await stage.start({ mail: { ...settings, relays: ['127.0.0.0/8'] } });
  const plain = await stage.start({ mail: settings });
  const [relay = '', direct = ''] = [...relayed.places.mail, ...plain.places.mail];
  const begun = await call(relayed.auth, relayed.auth.userRegisterRequest, { email });
  const code = begun.theVerifyCodeTheUserNeedToSendBack;
  const text = `From: ${email}\r\nTo: ${to}\r\nSubject: verify: ${code}\r\n\r\nhello\r\n`;
  const unproven = { responseCode: 550, message: /does not stand for this mail/ };
  await assert.rejects(mail(direct, received(far) + text), unproven, 'anybody can write a Received');
  await assert.rejects(mail(relay, received('198.51.100.1') + text), unproven);
  // What stands further down was there before the relay had it, and may be forged.
  await assert.rejects(mail(relay, received('198.51.100.1') + received(far) + text), unproven);
  await mail(relay, received(far) + text);
  const proof = { email, theVerifyCodeTheUserNeedToSendBack: code };
  assert.notEqual((await call(plain.auth, plain.auth.userRegisterConfirm, proof)).jwt, '');
});

const portOf = ([place = '']: readonly string[]) => Number(place.split(':')[1]);

/** The first line that a server says to a new client. */
function greeted(port: number, held: Socket[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').on('error', reject);
    held.push(socket);
    socket.once('data', (said) => resolve(said.toString()));
  });
}

test('a relay may have more connections than others', async () => {
  const { places } = await stage.start({
    mail: { by: 'user', listen: '127.0.0.1:0', to, relays: ['127.0.0.1'] },
  });
  const held: Socket[] = [];
  try {
    for (let i = 0; i < 8; i++) assert.match(await greeted(portOf(places.mail), held), /^220/);
  } finally {
    for (const socket of held) socket.destroy();
  }
});

test('a connection that says something now and then is ended all the same when its time is over', async () => {
  const config = accountsConfig.parse({ mail: { by: 'user', listen: '127.0.0.1:0', to } });
  assert.ok(config.mail.by === 'user');
  const codes = new Codes(Buffer.from('secret'));
  const proofs = await Proofs.open(await stage.nats.accounts(), { codes, config, now: Date.now });
  const way = await openReceiving(config.mail, { proofs, log: testLog }, { lastsMs: 600 });
  const port = portOf(await way.listen());
  const [begunMs, held] = [performance.now(), [] as Socket[]];
  try {
    await greeted(port, held);
    const [socket] = held;
    assert.ok(socket !== undefined);
    let endedMs = 0;
    socket.on('close', () => {
      endedMs = performance.now();
    });
    socket.on('error', () => {}).resume();
    const dripping = setInterval(() => socket.write('NOOP\r\n'), 50);
    try {
      await until('it is ended', () => endedMs > 0);
    } finally {
      clearInterval(dripping);
    }
    assert.ok(endedMs - begunMs >= 590, `after ${endedMs - begunMs} ms`);
  } finally {
    for (const socket of held) socket.destroy();
    await way.stop();
    proofs.stop();
  }
});
