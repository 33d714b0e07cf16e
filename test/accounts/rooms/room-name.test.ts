import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  longestRoomNameBytes,
  roomIdentity,
  roomKey,
  roomName,
} from '../../../src/accounts/rooms/room-name.js';

const refused = (name: string, message: RegExp): void => {
  assert.throws(() => roomName(name), { code: 'ARGUMENT_INVALID', message });
};

describe('the name of a room', () => {
  it('may be any text that is seen', () => {
    for (const name of ['standup', 'Küche', '会议室', 'a b', 'a/b:c?d=e&f#g', '"\\']) {
      assert.equal(roomName(name), name);
    }
  });

  it('is the same, however its letters are composed', () => {
    assert.equal(roomName('Ku\u0308che'), roomName('K\u00fcche'));
  });

  it('is refused where it is empty, too long, begins with a space or hides something', () => {
    refused('', /is empty/);
    refused('ä'.repeat(longestRoomNameBytes / 2 + 1), /130 bytes, it may have 128/);
    refused(' a', /space/);
    refused('a\tb', /not seen/);
    refused('a\u200bb', /not seen/);
    refused('a\u202eb', /not seen/);
  });

  it('makes a good key of a bucket, another one for each name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (a, b) => {
        assert.match(roomKey(a), /^[-/=\w]+(\.[-/=\w]+)*$/);
        assert.equal(roomKey(a) === roomKey(b), a === b);
      }),
    );
  });
});

describe('the identity of somebody in a room', () => {
  it('is any text that is seen, up to the length of an address', () => {
    assert.equal(roomIdentity('ada@example.com'), 'ada@example.com');
    assert.throws(() => roomIdentity(''), { message: 'identity is empty' });
    assert.throws(() => roomIdentity('a'.repeat(257)), { message: /257 bytes/ });
  });
});
