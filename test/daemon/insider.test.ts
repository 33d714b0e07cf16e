import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroupKeys } from '../../src/daemon/group/group-keys.js';
import { MessageHeaders } from '../../src/gen/weshnet/protocol/v1/types.js';
import { type MemoryGroup, memoryGroup } from '../support/memory-group.js';

/** Gives one what the other has and it has not. */
async function give(from: MemoryGroup, to: MemoryGroup): Promise<void> {
  for (const entry of from.store.entries) await to.group.accept(entry).stored;
}

test('a message with a counter that no list could give out is one that cannot be read, and the next ones can', async () => {
  const keys = createGroupKeys();
  const [insider, honest] = [await memoryGroup(keys), await memoryGroup(keys)];
  for (let round = 0; round < 2; round++) {
    await insider.group.introduce();
    await give(insider, honest);
    await honest.group.introduce();
    await give(honest, insider);
  }
  const { member } = insider.group;
  assert.ok(member !== undefined);
  await insider.group.send(Buffer.from('first'));
  const honestBody = member.messageBody.bind(member);
  for (const highest of [0xff, 0x00]) {
    member.messageBody = (payload) => {
      const body = honestBody(payload);
      body.fill(highest, 0, 1);
      return highest === 0xff ? body.fill(0xff, 0, 8) : body.fill(0x20, 1, 2);
    };
    await insider.group.send(Buffer.from('poison'));
  }
  member.messageBody = honestBody;
  await insider.group.send(Buffer.from('last'));
  await give(insider, honest);

  const readable: string[] = [];
  for (const stored of honest.group.index.arrived) {
    const read = honest.group.member?.readMessage(stored, await honest.group.read(stored));
    if (read === undefined) continue;
    const { counter, payload } = read;
    assert.equal(
      MessageHeaders.decode(MessageHeaders.encode(MessageHeaders.fromPartial({ counter })).finish()).counter,
      counter,
    );
    readable.push(payload.toString());
  }
  assert.deepEqual(readable, ['first', 'last']);
});
