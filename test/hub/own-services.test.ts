import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { createUserKey } from '../../src/bus/nkeys.js';
import { subjects } from '../../src/bus/subjects.js';
import { connectHub } from '../../src/client/hub-connection.js';
import { reflectionSource } from '../../src/client/reflection-source.js';
import type { WatchResponse } from '../../src/gen/postern/v1/inspector.js';
import type { ListNodesResponse, WatchNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import type { ListTokensResponse } from '../../src/gen/postern/v1/tokens.js';
import { filter } from '../inspector/stage.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import {
  ask,
  bearer,
  credentialsIn,
  enrol,
  joinToken,
  ownClients,
  startTestHub,
  type TestHub,
} from './test-hub.js';

type Made = { id: string; token: string; expiresAtMs: number };

/** All transitions that are kept. */
const kept = { filters: [], resume: '', history: 64, historyOnly: true };

describe("the hub's own services", () => {
  let nats: TestNats;
  let hub: TestHub;
  let clients: ReturnType<typeof ownClients>;
  const admin = () => bearer(hub.adminToken);
  const callerToken = (roles: string[], nodes: string[] = [], by = admin()) =>
    ask<Made>((callback) =>
      clients.tokens.createCallerToken(
        { subject: 'carol', nodes, roles, ttlSeconds: 60, methods: [], limits: undefined, email: '' },
        by,
        callback,
      ),
    );
  const fails = async (code: status, run: Promise<unknown>, message?: RegExp) => {
    await assert.rejects(run, (thrown: unknown) => {
      assert.ok(thrown instanceof Error && 'code' in thrown && 'details' in thrown);
      assert.equal(thrown.code, code, String(thrown.details));
      if (message !== undefined) assert.match(String(thrown.details), message);
      return true;
    });
  };
  const bind = async (node: string) => {
    const key = createUserKey();
    const { jwt } = credentialsIn(await enrol(hub.address, node, key, await joinToken(hub, node)));
    return { key, jwt };
  };

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    clients = ownClients(hub.address);
    for (const node of ['n1', 'n2', 'other']) await bind(node);
  });
  after(async () => {
    clients.close();
    await hub.stop();
    await nats.stop();
  });

  it('list the nodes that a caller may call', async () => {
    const list = async (token: string, name = '') => {
      const { nodes } = await ask<ListNodesResponse>((callback) =>
        clients.nodes.listNodes({ name }, bearer(token), callback),
      );
      return nodes.map((node) => node.name);
    };
    assert.deepEqual(await list(hub.adminToken), ['n1', 'n2', 'other']);
    const { token } = await callerToken(['call'], ['n*']);
    assert.deepEqual(await list(token), ['n1', 'n2']);
    assert.deepEqual(await list(token, 'n2'), ['n2']);
    assert.deepEqual(await list(token, 'other'), []);
  });

  it('show every node once, then each that changes', async () => {
    const { token } = await callerToken(['call'], ['n*', 'watched']);
    const watch = clients.nodes.watchNodes({ name: '' }, bearer(token));
    watch.on('error', () => {});
    const seen: string[] = [];
    watch.on('data', ({ node }: WatchNodesResponse) => seen.push(`${node?.name} ${node?.state}`));
    await until('all were shown', () => seen.length >= 2);
    assert.deepEqual(seen.splice(0), ['n1 unseen', 'n2 unseen']);
    await bind('hidden');
    const { key, jwt } = await bind('watched');
    await until('the new one was shown', () => seen.includes('watched unseen'));
    const identity = { role: 'agent', node: 'watched', publicKey: key.publicKey } as const;
    const bus = await nats.connect(identity, { jwt, seed: key.seed });
    const hello = {
      v: 1 as const,
      version: 't',
      features: [],
      boot: 'b',
      share: false,
      labels: {},
      services: [],
    };
    await bus.request(subjects.hello, { node: 'watched', key: key.publicKey }, hello, { timeoutMs: 5000 });
    await until('it has a place', () => seen.includes('watched connected.joining'));
    assert.ok(!seen.some((line) => line.startsWith('hidden')));
    watch.cancel();
  });

  it('tell the story of a node, kept and live', async () => {
    const { token } = await callerToken(['operate']);
    const stories: string[] = [];
    const watched = filter({ machine: 'node', node: 'watched' });
    const watch = clients.inspect.watch(
      { filters: [watched], resume: '', history: 64, historyOnly: false },
      bearer(token),
    );
    watch.on('error', () => {});
    watch.on('data', ({ transitions }: WatchResponse) => {
      for (const { id, from, event, to } of transitions) stories.push(`${id} ${from} ${event} ${to}`);
    });
    await until('the history was told', () => stories.includes('watched unseen CLAIMED connected.joining'));
    watch.cancel();

    const history = clients.inspect.watch(kept, bearer(token));
    history.resume();
    await once(history, 'end');

    const limited = await callerToken(['operate'], ['n1']);
    const nothing = clients.inspect.watch(kept, bearer(limited.token));
    nothing.on('data', ({ actors, transitions }: WatchResponse) => {
      const nodes = [...actors, ...transitions].map(({ node }) => node);
      assert.deepEqual(
        nodes.filter((node) => node !== 'n1'),
        [],
        "another node is nobody else's business",
      );
    });
    await once(nothing, 'end');
  });

  it('make, list and revoke tokens', async () => {
    const made = await callerToken(['call']);
    assert.ok(Math.abs(made.expiresAtMs - Date.now() - 60_000) < 10_000);
    const { tokens } = await ask<ListTokensResponse>((callback) =>
      clients.tokens.listTokens({}, admin(), callback),
    );
    const state = (id: string, among = tokens) => among.find((token) => token.id === id)?.state;
    assert.equal(state(made.id), 'valid');
    assert.ok(
      tokens.some((token) => token.kind === 'join' && token.subject === 'n1' && token.state === 'used'),
    );
    assert.ok(tokens.some((token) => token.subject === 'admin'));
    assert.ok(!JSON.stringify(tokens).includes(made.token.slice(-40)));
    await ask((callback) => clients.tokens.revokeToken({ id: made.id }, admin(), callback));
    const after = await ask<ListTokensResponse>((callback) =>
      clients.tokens.listTokens({}, admin(), callback),
    );
    assert.equal(state(made.id, after.tokens), 'revoked');
    const revoke = (id: string) => ask((callback) => clients.tokens.revokeToken({ id }, admin(), callback));
    await fails(status.NOT_FOUND, revoke('0'.repeat(18)));
    await fails(status.INVALID_ARGUMENT, revoke('>'), /^id: /);
  });

  it('respect roles', async () => {
    const [calls, operates] = [(await callerToken(['call'])).token, (await callerToken(['operate'])).token];
    const join = (token: string, node = 'n1') =>
      ask<Made>((callback) =>
        clients.tokens.createJoinToken({ node, ttlSeconds: 0, uses: 0, labels: {} }, bearer(token), callback),
      );
    const list = (token: string) => ask((callback) => clients.tokens.listTokens({}, bearer(token), callback));
    const follow = async (token: string) => {
      const stream = clients.inspect.watch(kept, bearer(token));
      stream.resume();
      await once(stream, 'end');
    };
    await fails(status.PERMISSION_DENIED, join(calls), /role join/);
    await fails(status.PERMISSION_DENIED, list(calls), /role admin/);
    await fails(status.PERMISSION_DENIED, list(operates), /role admin/);
    await fails(status.PERMISSION_DENIED, callerToken(['call'], [], bearer(operates)), /role admin/);
    await fails(status.PERMISSION_DENIED, follow(calls), /role trace or operate/);
    await join(operates);
    await follow(operates);
    const limited = (await callerToken(['operate'], ['n*'])).token;
    await fails(status.PERMISSION_DENIED, join(limited, 'other'), /may not invite/);
    const limitedAdmin = bearer((await callerToken(['admin'], ['n*'])).token);
    await callerToken(['admin'], ['n1', 'n2*'], limitedAdmin);
    await fails(status.PERMISSION_DENIED, callerToken(['call'], [], limitedAdmin), /give away/);
    await fails(status.PERMISSION_DENIED, callerToken(['call'], ['*'], limitedAdmin), /give away/);
  });

  it('say what is wrong with a request', async () => {
    await fails(status.INVALID_ARGUMENT, callerToken(['root']), /^roles: /);
    await fails(status.INVALID_ARGUMENT, callerToken([], ['a*b']), /^nodes: /);
    const join = (node: string, ttlSeconds = 0) =>
      ask((callback) =>
        clients.tokens.createJoinToken({ node, ttlSeconds, uses: 0, labels: {} }, admin(), callback),
      );
    await fails(status.INVALID_ARGUMENT, join('a.b'), /^node: .*DNS label/);
    await fails(status.INVALID_ARGUMENT, join('n1', 1e12), /^ttl_seconds: /);
    const nameless = ask((callback) =>
      clients.tokens.createCallerToken(
        { subject: '\n', nodes: [], roles: [], ttlSeconds: 0, methods: [], limits: undefined, email: '' },
        admin(),
        callback,
      ),
    );
    await fails(status.INVALID_ARGUMENT, nameless, /^subject: /);
  });

  it('can be discovered by reflection', async () => {
    // The reflection service describes itself: its own package is enough to call it.
    let definition:
      | Parameters<Parameters<InstanceType<typeof ReflectionService>['addToServer']>[0]['addService']>[0]
      | undefined;
    new ReflectionService({}).addToServer({
      addService: (service) => {
        if (Object.values(service).some(({ path }) => path.startsWith('/grpc.reflection.v1.')))
          definition = service;
      },
    });
    assert.ok(definition !== undefined);
    const method = Object.values(definition)[0] ?? assert.fail();
    const client = new Client(hub.address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    const stream = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      admin(),
    );
    stream.on('error', () => {});
    stream.write({ listServices: '' });
    const [answer] = await once(stream, 'data');
    const names = JSON.stringify(answer);
    for (const service of ['NodesService', 'TokensService', 'Inspector']) {
      assert.ok(names.includes(`postern.v1.${service}`), names);
    }
    stream.end();
    client.close();
  });

  it('describe their types as they were compiled', async () => {
    const connection = await connectHub(
      { address: hub.address, from: 'a test', token: hub.adminToken },
      5_000,
    );
    try {
      const source = reflectionSource(connection.client, connection.metadata());
      const node = (await source.find('postern.v1.Node'))?.getMessage('postern.v1.Node');
      assert.equal(node?.file.name, 'postern/v1/nodes');
      assert.equal(node.fields.find(({ name }) => name === 'labels')?.fieldKind, 'map');
      assert.ok(node.fields.some(({ name }) => name === 'last_seen_at_ms'));
      source.close();
    } finally {
      connection.close();
    }
  });
});
