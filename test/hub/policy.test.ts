import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CallerKey, loadOrCreateCallerKey, signCallerToken } from '../../src/auth/caller-tokens.js';
import type { Identity } from '../../src/auth/identity.js';
import { clockSkewMs } from '../../src/auth/token-claims.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import type { ListNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import { CreateCallerTokenRequest, CreateJoinTokenRequest } from '../../src/gen/postern/v1/tokens.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { RecordedTarget } from './recorded-target.js';
import { bindKey, StandIn } from './stand-in.js';
import {
  ask,
  type BareOutcome,
  bareCall,
  bearer,
  credentialsIn,
  enrol,
  ownClients,
  startTestHub,
  type TestHub,
} from './test-hub.js';

const [permissionDenied, deadlineExceeded, unauthenticated] = [7, 4, 16];
const path = '/pkg.Service/Method';

describe('what a token allows', () => {
  let nats: TestNats;
  let hub: TestHub;
  let key: CallerKey;
  let clients: ReturnType<typeof ownClients>;
  const cellar = new RecordedTarget();
  const attic = new RecordedTarget();
  const agents: StandIn[] = [];
  let serial = 0;

  const identity = (over: Partial<Identity>): Identity => ({
    subject: 'ci',
    tokenId: `by-hand-${serial++}`,
    issuer: 'postern',
    roles: ['call'],
    limits: {},
    expiresAtMs: Date.now() + 3_600_000,
    ...over,
  });
  const sign = (over: Partial<Identity> = {}) => signCallerToken(key, identity(over));
  const call = async (token: string | Promise<string>, node: string, to = path): Promise<BareOutcome> =>
    bareCall(hub.address, { authorization: `Bearer ${await token}`, 'x-postern-node': node }, to);
  const joinToken = (order: { node: string; uses?: number; labels?: Record<string, string> }, by: string) =>
    ask<{ token: string; id: string }>((done) =>
      clients.tokens.createJoinToken(CreateJoinTokenRequest.fromPartial(order), bearer(by), done),
    );
  const callerToken = (order: Parameters<typeof CreateCallerTokenRequest.fromPartial>[0], by: string) =>
    ask<{ token: string; id: string }>((done) =>
      clients.tokens.createCallerToken(CreateCallerTokenRequest.fromPartial(order), bearer(by), done),
    );
  /** Joins a node, with these labels from its token. */
  const labelled = async (node: string, labels: Record<string, string>, target: RecordedTarget) => {
    const key = createUserKey();
    const { token } = await joinToken({ node, labels }, hub.adminToken);
    const { jwt } = credentialsIn(await enrol(hub.address, node, key, token));
    const agent = await StandIn.start(nats, { node, key, jwt }, target);
    agents.push(agent);
    await agent.join({ labels: { site: 'paris', floor: '1' } });
  };

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    key = await loadOrCreateCallerKey(join(nats.dir, 'keys'));
    clients = ownClients(hub.address);
    await labelled('cellar', { site: 'berlin' }, cellar);
    const agent = await StandIn.start(nats, await bindKey(hub, 'attic'), attic);
    agents.push(agent);
    // It says of itself what nobody has given it.
    await agent.join({ labels: { site: 'berlin', zone: 'roof' } });
  });
  after(async () => {
    for (const agent of agents) agent.vanish();
    clients.close();
    await hub.stop();
    await nats.stop();
  });

  it('decides before anything reaches a server, and the refusal names the claim', async () => {
    const rows: [Partial<Identity>, string, string, RegExp | undefined][] = [
      [{}, 'cellar', path, undefined],
      [{ nodes: ['cel*'], methods: ['pkg.Service/*'] }, 'cellar', path, undefined],
      [{ nodes: ['attic'] }, 'cellar', path, /may not call node 'cellar': claim nodes allows attic$/],
      [
        { methods: ['pkg.Service/Other'] },
        'cellar',
        path,
        /may not call pkg\.Service\/Method on node 'cellar': claim methods allows pkg\.Service\/Other$/,
      ],
      [
        { methods: ['pkg.*'] },
        'cellar',
        '/pkg.Service/../other.Service/Method',
        /claim methods allows pkg\.\*$/,
      ],
      [{ roles: ['join'] }, 'cellar', path, /claim roles holds join, and no call$/],
      [{ roles: ['trace'] }, 'cellar', path, /claim roles holds trace, and no call$/],
      [{ nodes: [] }, 'cellar', path, /claim nodes allows none$/],
      [{ nodes: ['site=berlin'] }, 'cellar', path, undefined],
      [{ nodes: ['site=paris'] }, 'cellar', path, /claim nodes allows site=paris$/],
      [{ nodes: ['site=berlin'] }, 'attic', path, /may not call node 'attic': claim nodes/],
      [{ nodes: ['zone=roof'] }, 'attic', path, /may not call node 'attic': claim nodes/],
      [{ nodes: ['!site'] }, 'attic', path, undefined],
      [{ nodes: ['!site'] }, 'nobody-knows', path, /may not call node 'nobody-knows': claim nodes/],
    ];
    for (const [over, node, to, reason] of rows) {
      const before = cellar.calls.length + attic.calls.length;
      const token = await sign(over);
      for (const round of ['verified now', 'known']) {
        const outcome = await call(token, node, to);
        const label = `${JSON.stringify(over)} ${node} ${to} ${round}: ${outcome.message}`;
        assert.equal(outcome.status, reason === undefined ? 0 : permissionDenied, label);
        if (reason !== undefined) assert.match(outcome.message, reason, label);
      }
      const seen = cellar.calls.length + attic.calls.length - before;
      assert.equal(seen, reason === undefined ? 2 : 0, JSON.stringify(over));
    }
  });

  it('shows the nodes that it is about, with the labels that were given before those that they say', async () => {
    const list = async (over: Partial<Identity>) => {
      const token = await sign(over);
      const { nodes } = await ask<ListNodesResponse>((done) =>
        clients.nodes.listNodes({ name: '' }, bearer(token), done),
      );
      return nodes;
    };
    assert.deepEqual(
      (await list({ nodes: ['site=berlin'] })).map(({ name, labels }) => [name, labels]),
      [['cellar', { site: 'berlin', floor: '1' }]],
    );
    assert.equal((await list({})).length, 2);
  });

  it('ends calls and watches that are open soon after it was revoked, and leaves others alone', async () => {
    const made = await callerToken({ subject: 'doomed' }, hub.adminToken);
    const other = await callerToken({ subject: 'staying' }, hub.adminToken);
    cellar.calls.length = 0;
    const ended: BareOutcome[] = [];
    const open = [1, 2].map(() =>
      call(made.token, 'cellar', '/pkg.Service/Hang').then((one) => ended.push(one)),
    );
    const stays = call(other.token, 'cellar', '/pkg.Service/Hang');
    const watch = clients.nodes.watchNodes({ name: '' }, bearer(made.token));
    const watchEnded = new Promise<Error>((resolve) => watch.on('error', resolve));
    watch.resume();
    await until('the calls are open', () => cellar.calls.length === 3);

    const revokedAt = performance.now();
    await ask((done) => clients.tokens.revokeToken({ id: made.id }, bearer(hub.adminToken), done));
    await Promise.all(open);
    const error = await watchEnded;
    assert.ok(performance.now() - revokedAt < 5_000, 'within two seconds, if nothing holds them up');
    assert.match(error.message, /UNAUTHENTICATED: the token was revoked/);
    for (const outcome of ended) {
      assert.deepEqual([outcome.status, outcome.message], [unauthenticated, 'the token was revoked']);
    }
    const mine = cellar.calls.filter(({ head }) => head.caller === 'doomed');
    await until('the server knows', () => mine.every((seen) => seen.ended !== undefined));
    const others = cellar.calls.find(({ head }) => head.caller === 'staying');
    assert.ok(others !== undefined && others.ended === undefined);
    assert.deepEqual((await call(made.token, 'cellar')).message, 'the token was revoked');

    const same = await sign({ tokenId: made.id });
    assert.equal((await call(same, 'cellar')).status, unauthenticated, 'whatever else has its id');
    await ask((done) => clients.tokens.revokeToken({ id: other.id }, bearer(hub.adminToken), done));
    assert.equal((await stays).status, unauthenticated);
  });

  it('ends calls that are open when it expires, and its clock may differ', async () => {
    cellar.calls.length = 0;
    const expiresAtMs = Math.ceil((Date.now() - clockSkewMs + 2_000) / 1000) * 1000;
    const outcome = await call(sign({ expiresAtMs }), 'cellar', '/pkg.Service/Hang');
    assert.deepEqual([outcome.status, outcome.message], [unauthenticated, 'the token has expired']);
    const late = Date.now() - expiresAtMs - clockSkewMs;
    assert.ok(late > 0 && late < 5_000, `${late} ms`);
    assert.equal(cellar.calls.length, 1);
  });

  it('bounds deadlines', async () => {
    cellar.calls.length = 0;
    const outcome = await call(sign({ limits: { deadlineMs: 1_500 } }), 'cellar', '/pkg.Service/Hang');
    assert.equal(outcome.status, deadlineExceeded);
    const [seen] = cellar.calls;
    assert.ok((seen?.head.timeoutMs ?? Number.POSITIVE_INFINITY) <= 1_500);
  });

  it('is read from one place: two values that differ are refused', async () => {
    const [one, two] = [await sign(), await sign({ subject: 'other' })];
    cellar.calls.length = 0;
    for (const name of ['jwt', 'x-postern-authorization']) {
      const headers = { 'x-postern-node': 'cellar', [name]: [`Bearer ${one}`, `Bearer ${two}`] };
      const outcome = await bareCall(hub.address, headers, path);
      assert.equal(outcome.status, unauthenticated, name);
      assert.match(outcome.message, /there twice, with different values/, name);
      const same = { 'x-postern-node': 'attic', [name]: [`Bearer ${one}`, one] };
      assert.equal((await bareCall(hub.address, same, path)).status, 0, name);
    }
    assert.equal(cellar.calls.length, 0);
  });

  it('can be given away, narrower, but never more of it', async () => {
    const limited = await sign({
      subject: 'deputy',
      roles: ['admin'],
      nodes: ['edge-*', 'site=berlin'],
      methods: ['pkg.*'],
      limits: { inFlight: 10 },
    });
    const good = { nodes: ['edge-1', 'site=berlin,!gpu'], methods: ['pkg.S/*'], limits: { inFlight: 10 } };
    const made = await callerToken({ subject: 'x', ...good }, limited);
    assert.match(made.id, /^[0-9a-f]{18}$/);
    const rows: [object, RegExp][] = [
      [{ ...good, nodes: [] }, /claim nodes/],
      [{ ...good, nodes: ['cellar'] }, /claim nodes/],
      [{ ...good, nodes: ['site=*'] }, /claim nodes/],
      [{ ...good, methods: [] }, /claim methods/],
      [{ ...good, methods: ['q.*'] }, /claim methods/],
      [{ ...good, limits: { inFlight: 11 } }, /claim limits\.inFlight/],
      [{ ...good, limits: undefined }, /claim limits\.inFlight/],
    ];
    for (const [order, reason] of rows) {
      await assert.rejects(callerToken({ subject: 'x', ...order }, limited), reason, JSON.stringify(order));
    }
    await assert.rejects(callerToken({ subject: 'x' }, await sign({ roles: ['operate'] })), /role admin/);
    for (const bad of [
      { methods: ['pkg'] },
      { email: 'x' },
      { limits: { callsPerSecond: -1 } },
      { roles: ['x'] },
    ]) {
      await assert.rejects(callerToken({ subject: 'x', ...bad }, hub.adminToken), /INVALID_ARGUMENT/);
    }
  });

  it('lets who may only invite do that, for the nodes that are theirs', async () => {
    const inviter = await sign({ roles: ['join'], nodes: ['edge-*', 'site=berlin'] });
    await joinToken({ node: 'edge-7', labels: { site: 'rome' } }, inviter);
    await joinToken({ node: 'cellar' }, inviter);
    const mine = { site: 'berlin' };
    await assert.rejects(joinToken({ node: 'attic', labels: mine }, inviter), /may not invite node 'attic'/);
    await assert.rejects(joinToken({ node: 'new', labels: mine }, inviter), /may not invite node 'new'/);
    await assert.rejects(callerToken({ subject: 'x', nodes: ['edge-1'] }, inviter), /needs the role admin/);
    await assert.rejects(
      ask((done) => clients.nodes.listNodes({ name: '' }, bearer(inviter), done)),
      /needs the role call or trace for this: claim roles holds join/,
    );
    await assert.rejects(joinToken({ node: 'edge-1' }, await sign()), /needs the role join/);
    await assert.rejects(joinToken({ node: 'edge-1', uses: 65 }, inviter), /uses: at most 64/);
    await assert.rejects(joinToken({ node: 'edge-1', labels: { 'a b': 'c' } }, inviter), /labels: /);
  });
});
