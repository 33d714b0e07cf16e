import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { AppMessage, AppMessage_Type, UserMessage } from '../../../src/gen/berty/messenger/v1/messenger.js';
import { ProtocolServiceClient as OldProtocolClient } from '../../../src/gen/berty/protocol/v1/protocol.js';
import { GroupMessageList_Request } from '../../../src/gen/weshnet/protocol/v1/types.js';
import { all, DaemonProcess, eventId, type ListBounds, textOf, unary } from '../../support/daemon.js';
import { checkoutRoot, eventually, run } from '../../support/processes.js';

describe('one daemon', () => {
  let dir: string;
  let daemon: DaemonProcess;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-daemon-'));
    daemon = await DaemonProcess.start(dir);
  });
  after(async () => {
    assert.equal(await daemon.stop(), 0, 'SIGTERM ends it cleanly');
    await rm(dir, { recursive: true });
  });

  test('tells its configuration under the names of all versions', async () => {
    const now = await unary(daemon.protocol, daemon.protocol.serviceGetConfiguration, {});
    const before = await unary(daemon.protocol, daemon.protocol.instanceGetConfiguration, {});
    const old = new OldProtocolClient(String(daemon.process.ready.listen), credentials.createInsecure());
    const oldest = await unary(old, old.instanceGetConfiguration, {});
    old.close();
    assert.deepEqual(before, now);
    assert.deepEqual(oldest, now);
    assert.equal(now.peerId, daemon.process.ready.peerId);
    assert.deepEqual(
      [now.accountPk, now.devicePk, now.accountGroupPk].map(({ length }) => length),
      [32, 32, 32],
    );
  });

  test('replays messages in order, then gives those that come, each once', async () => {
    const group = await daemon.createGroup();
    const ids = [await daemon.say(group, 'one'), await daemon.say(group, 'two')];
    const seen: string[] = [];
    const stream = daemon.protocol.groupMessageList(GroupMessageList_Request.fromPartial({ groupPk: group }));
    stream.on('data', (event) => seen.push(eventId(event))).on('error', () => {});
    await eventually('the replay', () => seen.length === 2);
    ids.push(await daemon.say(group, 'three'));
    await eventually('the live one', () => seen.length >= 3);
    assert.deepEqual(seen, ids);
    stream.cancel();
    const events = await daemon.messages(group);
    assert.deepEqual(events.map(textOf), ['one', 'two', 'three']);
    const first = events[0]?.headers?.counter ?? 0;
    assert.deepEqual(
      events.map(({ headers }) => (headers?.counter ?? 0) - first),
      [0, 1, 2],
      'the counter has no gap',
    );
  });

  test('bounds of lists: inclusive, reversed, and refused where they contradict each other', async () => {
    const group = await daemon.createGroup();
    for (const text of ['a', 'b', 'c', 'd']) await daemon.say(group, text);
    const [, b = Buffer.alloc(0), c = b] = (await daemon.messages(group)).map(({ eventContext }) =>
      Buffer.from(eventContext?.id ?? []),
    );
    const texts = async (more: ListBounds): Promise<string> =>
      (await daemon.messages(group, more)).map(textOf).join('');
    assert.equal(await texts({ sinceId: b }), 'bcd');
    assert.equal(await texts({ untilId: c, untilNow: false }), 'abc');
    assert.equal(await texts({ sinceId: b, untilId: c, untilNow: false, reverseOrder: true }), 'cb');
    const refused: ListBounds[] = [
      { sinceId: b, sinceNow: true, untilNow: false },
      { untilId: c, untilNow: true },
      { sinceNow: true, untilNow: true },
      { reverseOrder: true, untilNow: false },
    ];
    for (const bounds of refused) {
      await assert.rejects(texts(bounds), { code: status.INVALID_ARGUMENT }, JSON.stringify(bounds));
    }
    await assert.rejects(texts({ sinceId: Buffer.alloc(36) }), { code: status.NOT_FOUND });
  });

  test('the messenger sends into a conversation, and names the entry as the list does', async () => {
    const { publicKey } = await unary(daemon.messenger, daemon.messenger.conversationCreate, {
      displayName: 'cellar',
      contactsToInvite: [],
    });
    const payload = Buffer.from(UserMessage.encode({ body: 'hello' }).finish());
    const request = {
      type: AppMessage_Type.TypeUserMessage,
      payload,
      conversationPublicKey: publicKey,
      mediaCids: [],
      targetCid: '',
      metadata: false,
    };
    const { cid } = await unary(daemon.messenger, daemon.messenger.interact, request);
    const [event] = await daemon.messages(Buffer.from(publicKey, 'base64url'));
    const { sentDate, ...message } = AppMessage.decode(event?.message ?? Buffer.alloc(0));
    assert.deepEqual(
      { ...message, payload: Buffer.from(message.payload) },
      {
        type: AppMessage_Type.TypeUserMessage,
        payload,
        medias: [],
        targetCid: '',
      },
    );
    assert.ok(Math.abs(sentDate - Date.now()) < 60_000);
    assert.match(cid, /^bafkrei[a-z2-7]{52}$/);
    const command = { ...request, payload: Buffer.from(UserMessage.encode({ body: '/dd x' }).finish()) };
    await assert.rejects(unary(daemon.messenger, daemon.messenger.interact, command), {
      code: status.INVALID_ARGUMENT,
    });
  });

  test('what is not active or not there is refused with its status', async () => {
    const group = await daemon.createGroup();
    const endless = all(
      daemon.protocol.groupMessageList(GroupMessageList_Request.fromPartial({ groupPk: group })),
    );
    const ended = assert.rejects(endless, { code: status.FAILED_PRECONDITION });
    await daemon.messages(group);
    await unary(daemon.protocol, daemon.protocol.deactivateGroup, { groupPk: group });
    await ended;
    await assert.rejects(daemon.say(group, 'x'), { code: status.FAILED_PRECONDITION });
    await unary(daemon.protocol, daemon.protocol.activateGroup, { groupPk: group, localOnly: false });
    await daemon.say(group, 'y');
    assert.deepEqual((await daemon.messages(group)).map(textOf), ['y']);
    await unary(daemon.protocol, daemon.protocol.multiMemberGroupLeave, { groupPk: group });
    await assert.rejects(daemon.say(group, 'z'), { code: status.NOT_FOUND });
  });

  test('a data directory is for one daemon', async () => {
    const args = ['daemon', '--listen', '127.0.0.1:0', '--data', dir];
    const second = await run(path.join(checkoutRoot, 'bin/postern'), args);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /uses the data directory/);
  });
});
