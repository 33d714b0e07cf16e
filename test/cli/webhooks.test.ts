import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { isGenuine, WebhookReceiver } from '../hub/webhooks/receiver.js';
import { Fleet } from '../support/fleet.js';
import { eventually } from '../support/processes.js';
import { postern } from './postern.js';

const first = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const second = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

let fleet: Fleet;
let receiver: WebhookReceiver;

before(async () => {
  fleet = await Fleet.make();
  receiver = await WebhookReceiver.start();
});
after(async () => {
  await fleet.stop();
  await receiver.stop();
});

test('a hub tells a URL who comes and goes, until it has stopped, and no secret is shown', async () => {
  const secrets = path.join(fleet.dir, 'webhook.secret');
  await writeFile(secrets, first);
  await chmod(secrets, 0o600);
  const hub = await fleet.start(
    [
      'up',
      '--listen',
      '127.0.0.1:0',
      '--metrics',
      'off',
      '--webhook',
      receiver.url,
      '--webhook-secret-file',
      secrets,
    ],
    { env: { POSTERN_LOG_LEVEL: 'debug' } },
  );
  const agent = await fleet.agent('cellar', ['127.0.0.1:1']);
  await eventually('it is told', () => receiver.deliveries.length === 1);
  await writeFile(secrets, `${second}\n${first}\n`);
  hub.signal('SIGHUP');
  receiver.answer = () => ({ status: 503, headers: { 'retry-after': '60' } });
  await agent.stop();
  await eventually('an attempt was made', () => receiver.deliveries.length > 1);
  receiver.answer = () => 204;
  const attempts = receiver.deliveries.length;
  const stopped = await hub.stop();
  assert.equal(stopped, 0);
  assert.equal(receiver.deliveries.length, attempts + 1, 'what waited was told before the end');
  const events = receiver.events();
  assert.deepEqual(
    events.map(({ type, node }) => `${type} ${node}`),
    ['node.connected cellar', 'node.disconnected cellar'],
  );
  const [connected, ...others] = receiver.deliveries;
  assert.ok(connected !== undefined && isGenuine(connected, first) && !isGenuine(connected, second));
  const last = others.at(-1) ?? assert.fail();
  assert.ok(isGenuine(last, first) && isGenuine(last, second), 'it is signed with both');
  assert.match(hub.stderr(), /a webhook was not delivered/);
  for (const shown of [first, second, 'in-the-url']) assert.ok(!hub.stderr().includes(shown), shown);
});

test('webhooks that cannot be used are told before anything is started', async () => {
  const wrong = await postern(['up', '--data', fleet.dir, '--webhook', 'ftp://h/?key=geheim'], {
    env: { POSTERN_WEBHOOK_SECRET: 'geheim' },
  });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--webhook: it is no URL of the form https:\/\/HOST\/PATH/);
  assert.ok(!wrong.stderr.includes('geheim'));
});
