import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { DaemonAdapter, Receipt, ReceiptSink } from '../../../src/agent/adapters/adapter.js';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { DaemonWatch } from '../../../src/agent/adapters/daemon-watch.js';
import { ProtocolServiceService as OldProtocolServiceService } from '../../../src/gen/berty/protocol/v1/protocol.js';
import { ProtocolServiceService } from '../../../src/gen/weshnet/protocol/v1/protocol.js';
import { ServiceGetConfiguration_Reply } from '../../../src/gen/weshnet/protocol/v1/types.js';
import { DaemonProcess, unary } from '../../support/daemon.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const addressOf = ({ process }: DaemonProcess): string => String(process.ready.listen);
const text = (body: Uint8Array): string => Buffer.from(body).toString('utf8');
const bytes = (body: string): Uint8Array => Buffer.from(body, 'utf8');

/** Writes down what comes. */
class Heard implements ReceiptSink {
  readonly receipts: Receipt[] = [];
  lives = 0;
  readonly breaks: string[] = [];

  receipt(receipt: Receipt): void {
    this.receipts.push(receipt);
  }
  live(): void {
    this.lives += 1;
  }
  broken(reason: string): void {
    this.breaks.push(reason);
  }
  told(): string[] {
    return this.receipts
      .filter(({ kind }) => kind === 'message')
      .map(({ how, body }) => `${how} ${text(body)}`);
  }
}

describe('a Berty daemon', () => {
  let dir: string;
  let alice: DaemonProcess;
  let bob: DaemonProcess;
  let a: DaemonAdapter;
  let b: DaemonAdapter;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-adapter-'));
    alice = await DaemonProcess.start(path.join(dir, 'alice'));
    bob = await DaemonProcess.start(path.join(dir, 'bob'), ['--peer', alice.peerAddress]);
    a = new BertyAdapter(addressOf(alice));
    b = new BertyAdapter(addressOf(bob));
  });
  after(async () => {
    a?.close();
    b?.close();
    await Promise.all([alice?.stop(), bob?.stop()]);
    await rm(dir, { recursive: true });
  });

  test('is asked what it is', async () => {
    const { dialect, peer } = await a.identify(soon());
    assert.deepEqual([dialect, peer], ['weshnet', alice.process.ready.peerId]);
    assert.deepEqual(a.capabilities, { groups: true, media: false });
  });

  test('makes a group that another joins, and each reads the other once both are ready', async (t) => {
    const group = await a.createGroup(soon());
    const invite = await a.invite(group, 'garden', soon());
    assert.deepEqual(await b.join(invite, soon()), group);
    assert.deepEqual(await b.join(invite, soon()), group, 'once more changes nothing');
    const [first, second] = [await a.membership(group, soon()), await b.membership(group, soon())];
    assert.notEqual(first.device, second.device);
    await Promise.all([a.ready(group, second, soon()), b.ready(group, first, soon())]);

    const heard = new Heard();
    const receiving = b.receive(group, heard);
    t.after(() => receiving.stop());
    await eventually('it is live', () => heard.lives === 1);
    for (const body of ['one', 'two']) {
      assert.equal((await a.send(group, bytes(body), soon())).outcome, 'ok');
    }
    const mine = await b.send(group, bytes('mine'), soon());
    await eventually('all three came', () => heard.told().length === 3);
    const { event } = heard.receipts.find(({ body }) => text(body) === 'mine') ?? assert.fail('it came');
    assert.deepEqual(mine, { outcome: 'ok', id: event }, 'its sender was given the id that readers see');
    assert.deepEqual(heard.told().sort(), ['first mine', 'first one', 'first two']);
    const devices = Object.fromEntries(heard.receipts.map(({ body, device }) => [text(body), device]));
    assert.deepEqual(devices, { one: first.device, two: first.device, mine: second.device });
    const [one, two] = ['one', 'two'].map(
      (body) => heard.receipts.find((it) => text(it.body) === body)?.counter,
    );
    assert.equal((two ?? 0) - (one ?? 0), 1, 'the writer counts its messages');

    const final: string[] = [];
    for await (const { body, how } of b.read(group, soon())) final.push(`${how} ${text(body)}`);
    assert.deepEqual(final.sort(), ['first mine', 'first one', 'first two']);
    await receiving.stop();
    await a.send(group, bytes('unheard'), soon());
    assert.equal(heard.told().length, 3);
  });

  test('that is killed and comes back is heard again, what it told before counts as replayed', async (t) => {
    const group = await b.createGroup(soon());
    const heard = new Heard();
    const receiving = b.receive(group, heard);
    t.after(() => receiving.stop());
    await b.send(group, bytes('before'), soon());
    await eventually('it came', () => heard.told().length === 1);
    await bob.process.stop('SIGKILL');
    const unsent = await b.send(group, bytes('nobody takes this'), AbortSignal.timeout(2_000));
    assert.notEqual(unsent.outcome, 'ok');
    await eventually('it is noticed', () => heard.breaks.length > 0);
    bob = await DaemonProcess.start(path.join(dir, 'bob'), ['--peer', alice.peerAddress], addressOf(bob));
    await eventually('it is live again', () => heard.lives === 2);
    await b.send(group, bytes('after'), soon());
    await eventually('both came', () => heard.told().length === 3);
    assert.deepEqual(heard.told(), ['first before', 'replayed before', 'first after']);
  });

  test('that says no is believed, and told with its reason', async () => {
    const unknown = { id: Buffer.alloc(32, 7).toString('base64url') };
    const sent = await a.send(unknown, bytes('x'), soon());
    assert.equal(sent.outcome, 'fail', JSON.stringify(sent));
    await assert.rejects(a.membership(unknown, soon()), { code: 'DAEMON_REFUSED' });
    await assert.rejects(a.join(bytes('nonsense'), soon()), { code: 'INVITE_INVALID' });
    await assert.rejects(a.join(new Uint8Array(), soon()), { code: 'INVITE_INVALID' });
    await assert.rejects(a.invite({ id: '' }, 'x', soon()), { code: 'GROUP_INVALID' });
  });

  test('that nobody is ready for keeps one waiting no longer than one wants', async () => {
    const group = await a.createGroup(soon());
    const stranger = { member: 'AAAA', device: 'AAAA' };
    const since = performance.now();
    await assert.rejects(a.ready(group, stranger, AbortSignal.timeout(300)), { code: 'DAEMON_UNREACHABLE' });
    assert.ok(performance.now() - since < 5_000);
  });
});

test('a server that is none, and nobody at all, are told apart', async (t) => {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 12 },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === 'object');
  const other = new BertyAdapter(`127.0.0.1:${bound.port}`);
  await assert.rejects(other.identify(soon()), { code: 'DAEMON_UNKNOWN' });
  other.close();
  const nobody = new BertyAdapter('127.0.0.1:1');
  await assert.rejects(nobody.identify(soon()), { code: 'DAEMON_UNREACHABLE' });
  const sent = await nobody.send({ id: 'AAAA' }, bytes('hello'), soon());
  assert.equal(sent.outcome, 'fail', 'where nobody listens, nothing was sent');
  assert.ok('wasOffered' in sent && sent.wasOffered === false, 'nobody was given it');
  nobody.close();
});

/** Serves one method of a service on some port, until the test is over; resolves to the address. */
async function serving(
  t: TestContext,
  service: ServiceDefinition,
  methods: UntypedServiceImplementation,
): Promise<string> {
  const server = new Server();
  server.addService(service, methods);
  t.after(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `127.0.0.1:${port}`;
}

test('a daemon of the old form that knows no files any more is asked for none', async (t) => {
  const instanceGetConfiguration: handleUnaryCall<unknown, ServiceGetConfiguration_Reply> = (_, answer) =>
    answer(null, ServiceGetConfiguration_Reply.fromPartial({ peerId: 'old' }));
  const adapter = new BertyAdapter(await serving(t, OldProtocolServiceService, { instanceGetConfiguration }));
  t.after(() => adapter.close());
  assert.deepEqual(await adapter.identify(soon()), { dialect: 'berty', peer: 'old' });
  assert.deepEqual(adapter.capabilities, { groups: true, media: false });
});

test('a daemon that was exchanged for another between two looks is known as what it is', async (t) => {
  let peerId = 'first';
  const serviceGetConfiguration: handleUnaryCall<unknown, ServiceGetConfiguration_Reply> = (_, answer) =>
    answer(null, ServiceGetConfiguration_Reply.fromPartial({ peerId }));
  const target = await serving(t, ProtocolServiceService, { serviceGetConfiguration });
  const log = testLog;
  const states: string[] = [];
  const watch = new DaemonWatch({
    ...{ id: 'n1', target, publish: () => {}, log },
    adapter: (place) => new BertyAdapter(place),
  });
  t.after(() => watch.stop());
  await watch.serving(soon());
  watch.onTransition((state) => states.push(state));
  peerId = 'second';
  await eventually('it is seen', () => watch.identity?.peer === 'second');
  assert.equal(states.at(-1), 'serving');
  assert.ok(states.length >= 2, `it was lost and found: ${states}`);
});

test('a daemon is watched: it comes, goes and comes back', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-watched-'));
  t.after(() => rm(dir, { recursive: true }));
  let daemon = await DaemonProcess.start(dir);
  t.after(() => daemon.stop());
  const address = addressOf(daemon);
  const watch = new DaemonWatch({
    id: 'n1',
    target: '127.0.0.1:1',
    adapter: (target) => new BertyAdapter(target),
    publish: () => {},
    log: testLog,
  });
  t.after(() => watch.stop());
  await assert.rejects(watch.serving(AbortSignal.timeout(200)), { code: 'DAEMON_UNREACHABLE' });
  watch.target(address);
  const adapter = await watch.serving(soon());
  assert.equal(watch.identity?.peer, daemon.process.ready.peerId);
  assert.equal((await adapter.createGroup(soon())).id.length > 0, true);
  await daemon.process.stop('SIGKILL');
  await eventually('it is missed', () => watch.state === 'unreachable', { timeoutMs: 15_000 });
  daemon = await DaemonProcess.start(dir, [], address);
  await watch.serving(soon());
  const { peerId } = await unary(daemon.protocol, daemon.protocol.serviceGetConfiguration, {});
  assert.equal(watch.identity?.peer, peerId);
});

test('a daemon that is away is asked a few times per second while somebody waits, however many do', async (t) => {
  // nothing else here keeps the process alive
  const alive = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(alive));
  const states: string[] = [];
  const watch = new DaemonWatch({
    id: 'n1',
    target: '127.0.0.1:1',
    adapter: (target) => new BertyAdapter(target),
    publish: ({ to }) => states.push(to),
    log: testLog,
  });
  t.after(() => watch.stop());
  watch.start();
  await eventually('it is away', () => watch.state === 'unreachable');
  states.length = 0;
  const sinceMs = performance.now();
  const waiting = Array.from({ length: 100 }, async (_, at) => {
    await new Promise((resolve) => setTimeout(resolve, at * 10));
    await assert.rejects(watch.serving(AbortSignal.timeout(500)), { code: 'DAEMON_UNREACHABLE' });
  });
  await Promise.all(waiting);
  const probes = states.filter((state) => state === 'probing').length;
  // once in 250 ms, and as often as it does without anybody
  const most = 6 + (performance.now() - sinceMs) / 250;
  assert.ok(probes >= 2 && probes <= most, `${probes} probes, ${most} at most`);
});
