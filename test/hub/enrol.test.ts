import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createUserKey, sign } from '../../src/bus/nkeys.js';
import { subjects } from '../../src/bus/subjects.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import {
  credentialsIn,
  enrol,
  type HttpAnswer,
  http,
  joinToken,
  startTestHub,
  type TestHub,
} from './test-hub.js';

function refused(answer: HttpAnswer, status: number, code: string, message?: RegExp): void {
  assert.equal(answer.status, status, answer.body);
  const body: { code: string; message: string } = JSON.parse(answer.body);
  assert.equal(body.code, code, body.message);
  if (message !== undefined) assert.match(body.message, message);
}

describe('enrolment', () => {
  let nats: TestNats;
  let hub: TestHub;
  before(async () => {
    nats = await startTestNats();
  });
  after(() => nats.stop());
  // A new hub has seen no failed attempts yet.
  const fresh = async (run: () => Promise<void>) => {
    hub = await startTestHub(nats);
    try {
      await run();
    } finally {
      await hub.stop();
    }
  };

  it('binds a key with a join token and gives credentials that fit the node and the key alone', () =>
    fresh(async () => {
      const key = createUserKey();
      const before = Date.now();
      const {
        jwt,
        nats: urls,
        expiresAtMs,
      } = credentialsIn(await enrol(hub.address, 'n1', key, await joinToken(hub, 'n1')));
      assert.deepEqual(urls, [nats.server.url]);
      assert.ok(Math.abs(expiresAtMs - before - 86_400_000) < 10_000);
      const identity = { role: 'agent', node: 'n1', publicKey: key.publicKey } as const;
      const bus = await nats.connect(identity, { jwt, seed: key.seed });
      const hello = {
        v: 1 as const,
        version: 't',
        features: [],
        boot: 'b1',
        share: false,
        labels: {},
        services: [],
      };
      const answer = await bus.request(subjects.hello, { node: 'n1', key: key.publicKey }, hello, {
        timeoutMs: 5000,
      });
      assert.ok(answer.ok);
      await assert.rejects(
        bus.request(subjects.hello, { node: 'n2', key: key.publicKey }, hello, { timeoutMs: 500 }),
        'not as another node',
      );
    }));

  it('lets a bound key in again without a token, and only that', () =>
    fresh(async () => {
      const key = createUserKey();
      const token = await joinToken(hub, 'again');
      credentialsIn(await enrol(hub.address, 'again', key, token));
      credentialsIn(await enrol(hub.address, 'again', key));
      credentialsIn(await enrol(hub.address, 'again', key, token));
      refused(await enrol(hub.address, 'again', createUserKey()), 403, 'KEY_UNKNOWN', /join token/);
      refused(await enrol(hub.address, 'other', key), 403, 'KEY_UNKNOWN');
      refused(await enrol(hub.address, 'again', createUserKey(), token), 403, 'TOKEN_USED');
    }));

  it('refuses tokens that are not good', () =>
    fresh(async () => {
      const key = createUserKey();
      const token = await joinToken(hub, 'n2');
      refused(await enrol(hub.address, 'n3', key, token), 403, 'TOKEN_INVALID');
      refused(await enrol(hub.address, 'n2', key, `${token}0`), 403, 'TOKEN_INVALID');
      refused(await enrol(hub.address, 'n2', key, hub.adminToken.slice(0, 200)), 403, 'TOKEN_INVALID');
      const brief = await joinToken(hub, 'n2', 1);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      refused(await enrol(hub.address, 'n2', key, brief), 403, 'TOKEN_EXPIRED');
      credentialsIn(await enrol(hub.address, 'n2', key, token));
    }));

  it('gives a token to one of two that race for it', () =>
    fresh(async () => {
      const token = await joinToken(hub, 'raced');
      const answers = await Promise.all(
        [1, 2].map(() => enrol(hub.address, 'raced', createUserKey(), token)),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403]);
      refused(answers.find(({ status }) => status === 403) ?? assert.fail(), 403, 'TOKEN_USED');
    }));

  it('wants the key to be proven', () =>
    fresh(async () => {
      const [key, other] = [createUserKey(), createUserKey()];
      const token = await joinToken(hub, 'proven');
      const body = JSON.stringify({ node: 'proven', key: other.publicKey });
      const { nonce } = JSON.parse((await http(hub.address, 'POST', '/v1/enrol/challenge', body)).body);
      refused(await enrol(hub.address, 'proven', key, token, { nonce }), 400, 'INVALID', /nonce/);
      refused(await enrol(hub.address, 'proven', key, token, { nonce: 'junk' }), 400, 'INVALID', /nonce/);
      refused(
        await enrol(hub.address, 'proven', key, token, { signature: 'junk' }),
        400,
        'INVALID',
        /signature/,
      );
      const signature = Buffer.from(sign(other.seed, Buffer.from('postern-enrol:v1:proven:x'))).toString(
        'base64url',
      );
      refused(await enrol(hub.address, 'proven', key, token, { signature }), 400, 'INVALID', /signature/);
      credentialsIn(await enrol(hub.address, 'proven', key, token));
    }));

  it('says what is wrong with a request', () =>
    fresh(async () => {
      const { publicKey: key } = createUserKey();
      for (const node of ['N1', 'a.b', '>', '*', '', 'hub', 'x'.repeat(64), '-a', 'é']) {
        const answer = await http(hub.address, 'POST', '/v1/enrol/challenge', JSON.stringify({ node, key }));
        refused(answer, 400, 'INVALID', /^node: .*node name/);
      }
      const challenge = (body: string) => http(hub.address, 'POST', '/v1/enrol/challenge', body);
      refused(await challenge('{'), 400, 'INVALID', /not JSON/);
      refused(await challenge('[]'), 400, 'INVALID');
      refused(await challenge(JSON.stringify({ node: 'n1', key: 'x' })), 400, 'INVALID', /^key: /);
      refused(await challenge(JSON.stringify({ node: 'n1', key, more: 1 })), 400, 'INVALID', /more/);
      refused(await challenge(`"${'x'.repeat(64 * 1024)}"`), 413, 'INVALID', /longer than 65536/);
      refused(await http(hub.address, 'GET', '/v1/enrol'), 405, 'INVALID');
      refused(
        await http(hub.address, 'POST', '/v1/enrol', '{}'),
        400,
        'INVALID',
        /node.*key.*nonce.*signature/,
      );
    }));

  it('slows down who fails too often, but not those who hold a bound key', () =>
    fresh(async () => {
      const key = createUserKey();
      credentialsIn(await enrol(hub.address, 'slow', key, await joinToken(hub, 'slow')));
      const attempt = () => http(hub.address, 'POST', '/v1/enrol', '{}');
      for (let i = 0; i < 30; i++) refused(await attempt(), 400, 'INVALID');
      // Every two seconds one is forgiven, which may be at any moment.
      const slowedDown = async (ask: () => Promise<HttpAnswer>): Promise<void> => {
        let asked = await ask();
        for (let more = 0; asked.status !== 429 && more < 30; more++) {
          await attempt();
          asked = await ask();
        }
        refused(asked, 429, 'TOO_MANY_ATTEMPTS');
      };
      await slowedDown(attempt);
      const newcomer = JSON.stringify({ node: 'slow', key: createUserKey().publicKey });
      await slowedDown(() => http(hub.address, 'POST', '/v1/enrol/challenge', newcomer));
      credentialsIn(await enrol(hub.address, 'slow', key));
      refused(await enrol(hub.address, 'slow', key, undefined, { signature: 'junk' }), 400, 'INVALID');
      assert.equal((await http(hub.address, 'GET', '/healthz')).status, 200);
    }));
});
