import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PosternError } from '../../../src/errors.js';
import { hubConfig } from '../../../src/hub/config.js';
import { readSecrets, signedHeaders } from '../../../src/hub/webhooks/signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('a delivery', () => {
  it('is signed as the reference implementations of Standard Webhooks do it', () => {
    const headers = signedHeaders(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_999,
      '{"test": 2432232314}',
      readSecrets(secret, 'here'),
    );
    assert.deepEqual(headers, {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is signed with each of several secrets, and not at all without one', () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const sign = (keys: Buffer[]) => signedHeaders('evt_1', 0, '{}', keys)['webhook-signature'];
    const [first, second] = [secret, other].map((one) => sign(readSecrets(one, 'here')));
    assert.equal(sign(readSecrets(`${secret}\n${other}\n`, 'here')), `${first} ${second}`);
    assert.equal(sign([]), undefined);
  });
});

describe('a secret', () => {
  it('that is none is refused without being quoted', () => {
    const short = `whsec_${Buffer.alloc(23).toString('base64')}`;
    const long = `whsec_${Buffer.alloc(65).toString('base64')}`;
    for (const wrong of [
      '',
      'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'whsec_geheim*',
      short,
      long,
      `${secret} x`,
    ]) {
      assert.throws(
        () => readSecrets(wrong, '/etc/secret'),
        (thrown: unknown) =>
          thrown instanceof PosternError &&
          thrown.code === 'WEBHOOK_SECRET_INVALID' &&
          thrown.message.startsWith('/etc/secret: ') &&
          (wrong === '' || !thrown.message.includes(wrong)),
      );
    }
  });
});

describe('the configuration of a webhook', () => {
  it('says what cannot be used', () => {
    const fault = (hook: object): string => {
      const read = hubConfig.safeParse({ data: '/d', webhooks: [{ url: 'https://h/', ...hook }] });
      return read.success ? '' : (read.error.issues[0]?.message ?? '');
    };
    assert.equal(fault({}), '');
    assert.equal(
      fault({ headers: { 'x-team': 'ops', authorization: 'Bearer 1' }, nodes: ['site=berlin'] }),
      '',
    );
    assert.match(fault({ url: 'ftp://h/' }), /no URL of the form https/);
    assert.match(fault({ url: 'https://user:pw@h/' }), /a login does not belong into the URL/);
    assert.match(fault({ events: ['node.gone'] }), /Invalid option/);
    assert.match(fault({ nodes: ['Edge'] }), /a node pattern is/);
    assert.match(fault({ headers: { 'webhook-id': '1' } }), /'webhook-id' is no header that may be added/);
    assert.match(fault({ headers: { 'x-a': 'secret\n' } }), /^'x-a' is no header that may be added$/);
    assert.match(fault({ secret: 'a', secretFile: 'b' }), /not in both/);
  });
});
