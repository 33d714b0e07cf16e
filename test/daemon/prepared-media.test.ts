import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreparedMedia } from '../../src/daemon/media/prepared-media.js';
import { Media } from '../../src/gen/berty/messenger/v1/messenger.js';

const file = (size: number) => ({ info: Media.fromPartial({}), content: Buffer.alloc(size) });

test('files that wait for their messages are bounded, and old ones make room for new ones', () => {
  let now = 0;
  const media = new PreparedMedia(100, () => now);
  media.add('a', file(40));
  now = 1_000;
  media.add('b', file(40));
  assert.throws(() => media.add('c', file(21)), { code: 'MEDIA_FULL' });
  media.add('c', file(20));
  now = 60_000;
  // only as much as is needed, and only what is old
  media.add('d', file(30));
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((cid) => media.get(cid) !== undefined),
    [false, true, true, true],
  );
  assert.throws(() => media.add('e', file(50)), { code: 'MEDIA_FULL' });
  assert.throws(() => media.add('f', file(101)), { code: 'MEDIA_FULL' });
  media.drop('b');
  media.drop('b');
  media.add('e', file(50));
  // the same again takes no more room
  media.add('e', file(50));
  media.add('e', file(50));
});
