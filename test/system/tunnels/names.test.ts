import assert from 'node:assert/strict';
import { request } from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Server } from '@grpc/grpc-js';
import { createUserKey } from '../../../src/bus/nkeys.js';
import { joinHub } from '../../../src/client/join-hub.js';
import type { ListNodesResponse } from '../../../src/gen/postern/v1/nodes.js';
import type { ListTokensResponse } from '../../../src/gen/postern/v1/tokens.js';
import {
  ask,
  bareCall,
  bearer,
  http,
  joinToken,
  ownClients,
  startTestHub,
  type TestHub,
} from '../../hub/test-hub.js';
import { startTestNats, type TestNats } from '../../support/nats.js';
import { checkoutRoot, run } from '../../support/processes.js';

/** None of them may become a part of a subject, a file name or a line for people. */
const names = ['>', '*', 'a.b', 'cellar.>', 'x'.repeat(300), 'n\u00e9\u65e5', '', 'hub', '_x'];
/** A process each: where all names are read alike, these are enough. */
const ofCommands = ['>', 'n\u00e9\u65e5', '', 'hub'];
const reason = /DNS label|'hub' is reserved/;
const postern = path.join(checkoutRoot, 'bin/postern');

/** A name as the bytes of a header. */
const inHeader = (name: string): string => Buffer.from(name).toString('latin1');
const shown = (name: string): string => JSON.stringify(name.slice(0, 20));

describe('names that are no node names', { timeout: 120_000 }, () => {
  let nats: TestNats;
  let hub: TestHub;
  let token: string;
  let clients: ReturnType<typeof ownClients>;
  const held = async (): Promise<{ nodes: string[]; tokens: string[] }> => {
    const admin = bearer(hub.adminToken);
    const { nodes } = await ask<ListNodesResponse>((done) =>
      clients.nodes.listNodes({ name: '' }, admin, done),
    );
    const { tokens } = await ask<ListTokensResponse>((done) => clients.tokens.listTokens({}, admin, done));
    return { nodes: nodes.map(({ name }) => name), tokens: tokens.map(({ id }) => id).sort() };
  };
  let heldBefore: Awaited<ReturnType<typeof held>>;

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    clients = ownClients(hub.address);
    token = await joinToken(hub, 'cellar');
    heldBefore = await held();
  });
  after(async () => {
    clients.close();
    await hub.stop();
    await nats.stop();
  });

  /** Asks for a tunnel; the status and the text of the refusal, which no client may take for a tunnel. */
  const tunnel = (name: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const asked = request(`http://${hub.address}/ws`, {
        agent: false,
        headers: {
          ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          'x-hub-meta-name': inHeader(name),
          authorization: `Bearer ${token}`,
        },
      });
      asked.on('upgrade', () => reject(new Error('a tunnel was granted')));
      asked.on('error', reject);
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.end();
    });
  /** Runs a command that has to fail at once, and gives back what it says. */
  const refused = async (args: readonly string[], exitCode: number): Promise<string> => {
    const env = {
      ...{ POSTERN_DATA: path.join(nats.dir, 'cli'), POSTERN_HUB: `http://${hub.address}` },
      ...{ HUB_ADDR: `ws://${hub.address}/ws`, POSTERN_TOKEN: args[0] === 'token' ? hub.adminToken : token },
    };
    const { code, stdout, stderr } = await run(postern, args, { env, timeoutMs: 20_000 });
    assert.deepEqual([code, stdout], [exitCode, ''], `${args.join(' ').slice(0, 60)}: ${stderr}`);
    assert.match(stderr, /^postern: /);
    return stderr;
  };
  const enrolment = async (name: string, step: string): Promise<string> => {
    const { publicKey: key } = createUserKey();
    const proof = step === 'enrol' ? { nonce: 'x', signature: 'x', token } : {};
    const { status, body } = await http(
      hub.address,
      'POST',
      `/v1/${step}`,
      JSON.stringify({ node: name, key, ...proof }),
    );
    assert.equal(status, 400, body);
    return body;
  };
  const call = async (name: string, header: string): Promise<string> => {
    const outcome = await bareCall(hub.address, {
      [header]: inHeader(name),
      'x-postern-authorization': hub.adminToken,
    });
    assert.deepEqual([outcome.status, outcome.code], [3, 'NODE_NAME_INVALID']);
    return outcome.message;
  };
  /** Why something was not begun; where it was, it is stopped. */
  const thrown = (begun: Promise<{ stop(): Promise<void> }>): Promise<string> =>
    begun.then(
      async (it) => {
        await it.stop();
        assert.fail('it was taken');
      },
      (error: unknown) => String(error),
    );

  /** Every way in on which a name comes: gives back why the name was refused. */
  const ways: Record<string, (name: string) => Promise<string>> = {
    'a tunnel': async (name) => {
      const { status, body } = await tunnel(name);
      assert.equal(status, 400, body);
      assert.match(body, /^\{"code":"INVALID","message":"/);
      return body;
    },
    'the challenge of an enrolment': (name) => enrolment(name, 'enrol/challenge'),
    'an enrolment': (name) => enrolment(name, 'enrol'),
    'metadata name': (name) => call(name, 'name'),
    'metadata x-postern-node': (name) => call(name, 'x-postern-node'),
    'postern serve': (name) => refused(['serve', name], 2),
    'postern agent': (name) => refused(['agent', '--node', name], 2),
    'postern token create': (name) => refused(['token', 'create', '--join', name], 64 + 3),
    joinHub: (name) => thrown(joinHub(new Server(), { hub: hub.address, node: name, token })),
    'a legacy grant': (name) =>
      thrown(startTestHub(nats, { legacyTunnels: [{ node: name, from: ['127.0.0.1'] }] })),
  };
  for (const [way, take] of Object.entries(ways)) {
    it(`are refused with the reason: ${way}`, async () => {
      const given = way.startsWith('postern ') ? ofCommands : names;
      const said = await Promise.all(given.map(async (name) => [name, await take(name)] as const));
      for (const [name, text] of said) {
        assert.match(text, reason, shown(name));
        assert.ok(text.length < 700, `${shown(name)}: ${text.length} characters`);
      }
    });
  }

  it('leave nothing behind: no node and no token', async () => {
    assert.deepEqual(await held(), heldBefore);
    assert.deepEqual(heldBefore.nodes, []);
  });
});
