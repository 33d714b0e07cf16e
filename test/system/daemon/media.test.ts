import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import type { DaemonAdapter, GroupRef, Receipt, SendOutcome } from '../../../src/agent/adapters/adapter.js';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import {
  AppMessage_Type,
  type MediaPrepare_Request,
  type MediaRetrieve_Reply,
  UserMessage,
} from '../../../src/gen/berty/messenger/v1/messenger.js';
import { ProtocolServiceClient } from '../../../src/gen/berty/protocol/v1/protocol.js';
import { GroupMessageList_Request } from '../../../src/gen/weshnet/protocol/v1/types.js';
import { all, DaemonProcess, unary } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';

const old = ['--dialect', 'berty.protocol.v1'];
const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const info = {
  cid: '',
  mimeType: 'image/png',
  filename: 'a.png',
  displayName: 'A',
  ...{ metadataBytes: Buffer.alloc(0), content: Buffer.alloc(0) },
};
const nothing = Buffer.alloc(0);
const idOf = (outcome: SendOutcome): string => {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return outcome.outcome === 'ok' ? outcome.id : '';
};

function prepare(daemon: DaemonProcess, requests: readonly Partial<MediaPrepare_Request>[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = daemon.messenger.mediaPrepare((error, reply) =>
      error === null ? resolve(reply.cid) : reject(error),
    );
    call.on('error', () => {});
    for (const request of requests) call.write({ block: nothing, info: undefined, uri: '', ...request });
    call.end();
  });
}

async function retrieve(
  daemon: DaemonProcess,
  cid: string,
): Promise<{ first: MediaRetrieve_Reply | undefined; content: Buffer }> {
  const [first, ...rest] = await all(daemon.messenger.mediaRetrieve({ cid }));
  return { first, content: Buffer.concat(rest.map(({ block }) => block)) };
}

describe('files of messages', () => {
  let dir: string;
  let alice: DaemonProcess;
  let bob: DaemonProcess;
  let carol: DaemonProcess;
  let a: DaemonAdapter;
  let b: DaemonAdapter;
  let group: GroupRef;
  const read = async (from: DaemonAdapter): Promise<Receipt[]> => {
    const receipts: Receipt[] = [];
    for await (const receipt of from.read(group, soon())) receipts.push(receipt);
    return receipts;
  };
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-media-'));
    [alice, carol] = await Promise.all([
      DaemonProcess.start(path.join(dir, 'alice'), old),
      DaemonProcess.start(path.join(dir, 'carol')),
    ]);
    const wrong = ['--misbehave', 'corrupt=@2'];
    bob = await DaemonProcess.start(path.join(dir, 'bob'), [...old, ...wrong, '--peer', alice.peerAddress]);
    a = new BertyAdapter(String(alice.process.ready.listen));
    b = new BertyAdapter(String(bob.process.ready.listen));
    for (const adapter of [a, b]) assert.equal((await adapter.identify(soon())).dialect, 'berty');
    assert.deepEqual([a.capabilities.media, b.capabilities.media], [true, true]);
    group = await a.createGroup(soon());
    await b.join(await a.invite(group, 'images', soon()), soon());
    await b.ready(group, await a.membership(group, soon()), soon());
  });
  after(async () => {
    for (const adapter of [a, b]) adapter?.close();
    await Promise.all([alice?.stop(), bob?.stop(), carol?.stop()]);
    await rm(dir, { recursive: true });
  });

  const sendWithText = async (from: DaemonProcess, mediaCid: string): Promise<string> => {
    const payload = Buffer.from(UserMessage.encode({ body: 'look' }).finish());
    const to = { conversationPublicKey: group.id, targetCid: '', metadata: false };
    const request = { type: AppMessage_Type.TypeUserMessage, payload, mediaCids: [mediaCid], ...to };
    return (await unary(from.messenger, from.messenger.interact, request)).cid;
  };

  test('come with them to every member, whole, of any size up to the limit', async () => {
    const sizes = [0, 1, 65_536, 65_537, 4_000_000];
    const images = sizes.map((size) => ({ name: `${size}.png`, bytes: randomBytes(size) }));
    const ids: string[] = [];
    for (const image of images) ids.push(idOf(await a.sendImage(group, image, soon())));
    ids.push(idOf(await a.send(group, Buffer.from('and a text'), soon())));
    const sent = [...images.map(({ bytes }) => bytes), Buffer.from('and a text')];
    for (const [name, adapter] of [
      ['alice', a],
      ['bob', b],
    ] as const) {
      const got = await eventually(`${name} has all`, async () => {
        const receipts = await read(adapter);
        return receipts.length === sent.length ? receipts : undefined;
      });
      assert.deepEqual(
        got.map(({ event }) => event),
        ids,
      );
      assert.deepEqual(
        got.map(({ body }) => body.length),
        sent.map(({ length }) => length),
      );
      for (const [at, { body }] of got.entries())
        assert.ok(sent[at]?.equals(body), `message ${at} at ${name}`);
    }
    const larger = await a.sendImage(group, { name: 'x', bytes: randomBytes(4_000_001) }, soon());
    assert.equal(larger.outcome, 'fail');
    assert.match(JSON.stringify(larger), /INVALID_ARGUMENT.*at most 4000000 bytes/);
    assert.ok(!('wasOffered' in larger), 'the daemon was given it');
    const cutOff = await a.sendImage(group, { name: 'x', bytes: nothing }, AbortSignal.abort());
    assert.ok(cutOff.outcome === 'fail' && cutOff.code === 'CANCELLED', JSON.stringify(cutOff));
    assert.equal(cutOff.wasOffered, false, 'no message followed the file');
  });

  test('are named by what they are, and told without what is in them', async () => {
    const content = randomBytes(100_000);
    const cid = await prepare(alice, [
      { info },
      { block: content.subarray(0, 70_000) },
      { block: content.subarray(70_000) },
    ]);
    assert.match(cid, /^AVUSI[A-Za-z0-9_-]{43}$/);
    assert.deepEqual((await retrieve(alice, cid)).content, content, 'before it is sent');
    await assert.rejects(retrieve(bob, cid), { code: status.NOT_FOUND });
    const request = {
      type: AppMessage_Type.TypeUserMessage,
      payload: nothing,
      conversationPublicKey: group.id,
      mediaCids: [cid],
      targetCid: '',
      metadata: false,
    };
    await unary(alice.messenger, alice.messenger.interact, request);
    // the same file with another message
    await unary(alice.messenger, alice.messenger.interact, request);
    const { first } = await eventually('bob has it', () => retrieve(bob, cid).catch(() => undefined));
    assert.deepEqual(first?.info, { ...info, cid });
    for (const daemon of [alice, bob]) assert.deepEqual((await retrieve(daemon, cid)).content, content);
    const client = new ProtocolServiceClient(String(bob.process.ready.listen), credentials.createInsecure());
    const groupPk = Buffer.from(group.id, 'base64url');
    const list = client.groupMessageList(GroupMessageList_Request.fromPartial({ groupPk, untilNow: true }));
    for (const { message } of await all(list)) assert.ok(message.length < 300, `${message.length} bytes`);
    client.close();
  });

  test('are changed, and not their messages, by a daemon that corrupts', async () => {
    await a.ready(group, await b.membership(group, soon()), soon());
    const images = [1, 2, 3].map((n) => ({ name: `${n}.png`, bytes: randomBytes(1_000) }));
    const ids: string[] = [];
    for (const [at, image] of images.entries()) {
      // the one that is corrupted has text, too
      if (at !== 1) ids.push(idOf(await b.sendImage(group, image, soon())));
      else ids.push(await sendWithText(bob, await prepare(bob, [{ info }, { block: image.bytes }])));
    }
    const got = await eventually('all came', async () => {
      const receipts = (await read(a)).filter(({ event }) => ids.includes(event));
      return receipts.length === ids.length ? receipts : undefined;
    });
    const bytesOf = (at: number) => images[at]?.bytes ?? nothing;
    assert.deepEqual(
      got.map(({ body }, at) => bytesOf(at).equals(body)),
      [true, false, true],
    );
    assert.ok(
      bytesOf(1)
        .subarray(0, -1)
        .equals((got[1]?.body ?? nothing).subarray(0, -1)),
    );
  });

  test('are there after kill -9 as soon as their message is', async () => {
    const image = { name: 'kept.png', bytes: randomBytes(50_000) };
    const cid = await prepare(alice, [{ info }, { block: image.bytes }]);
    const id = idOf(await a.sendImage(group, image, soon()));
    const listen = String(alice.process.ready.listen);
    const peers = ['--peer-listen', alice.peerAddress];
    await alice.stop('SIGKILL');
    alice = await DaemonProcess.start(path.join(dir, 'alice'), [...old, ...peers], listen);
    // nobody has listed anything yet: it is looked for
    assert.deepEqual((await retrieve(alice, cid)).content, image.bytes);
    const found = (await read(a)).find(({ event }) => event === id);
    assert.ok(image.bytes.equals(found?.body ?? nothing));
  });

  test('are refused where nothing says what they are, or more than it may', async () => {
    const refused = (requests: readonly Partial<MediaPrepare_Request>[], code: status) =>
      assert.rejects(prepare(alice, requests), { code });
    await refused([], status.INVALID_ARGUMENT);
    await refused([{ block: Buffer.from('x') }], status.INVALID_ARGUMENT);
    await refused([{ info, block: Buffer.from('x') }], status.INVALID_ARGUMENT);
    await refused([{ info: { ...info, filename: 'x'.repeat(5_000) } }], status.INVALID_ARGUMENT);
    await refused([{ info, uri: 'file:///etc/hostname' }], status.UNIMPLEMENTED);
    const block = randomBytes(1_000_000);
    await refused(
      [{ info }, { block }, { block }, { block }, { block }, { block }, { block }],
      status.INVALID_ARGUMENT,
    );
    await assert.rejects(retrieve(alice, 'no-such-file'), { code: status.NOT_FOUND });
    const request = {
      type: AppMessage_Type.TypeUserMessage,
      payload: nothing,
      conversationPublicKey: group.id,
      mediaCids: ['none'],
      targetCid: '',
      metadata: false,
    };
    await assert.rejects(unary(alice.messenger, alice.messenger.interact, request), {
      code: status.NOT_FOUND,
    });
  });

  test('are unknown to the later form of the daemon', async () => {
    const adapter = new BertyAdapter(String(carol.process.ready.listen));
    try {
      assert.equal((await adapter.identify(soon())).dialect, 'weshnet');
      assert.equal(adapter.capabilities.media, false);
      const outcome = await adapter.sendImage(group, { name: 'x', bytes: nothing }, soon());
      assert.deepEqual(outcome, {
        outcome: 'fail',
        code: 'UNSUPPORTED',
        message: 'the daemon sends no images',
        wasOffered: false,
      });
      await assert.rejects(prepare(carol, [{ info }]), { code: status.UNIMPLEMENTED });
      await assert.rejects(retrieve(carol, 'x'), { code: status.UNIMPLEMENTED });
    } finally {
      adapter.close();
    }
  });
});
