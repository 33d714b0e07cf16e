import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  changed,
  greatestAge,
  largestHeadImageBytes,
  largestSex,
  longestUsername,
  type Profile,
} from '../../../src/accounts/storage/profile.js';

const refused = (change: Profile, message: RegExp): void => {
  assert.throws(() => changed({}, change), { code: 'ARGUMENT_INVALID', message });
};

describe('a profile', () => {
  it('keeps what a change does not name', () => {
    const before = { username: 'ada', headImage: 'data:,', sex: 2, age: 36 };
    assert.deepEqual(changed(before, { age: 37 }), { ...before, age: 37 });
    assert.deepEqual(changed(before, {}), before);
  });

  it('takes numbers to the ends of their ranges, 0 among them', () => {
    assert.equal(changed({ sex: 1, age: 1 }, { sex: 0, age: 0 }).sex, 0);
    assert.equal(changed({}, { age: greatestAge }).age, greatestAge);
    assert.equal(changed({}, { sex: largestSex }).sex, largestSex);
  });

  it('loses a text that is given with no characters', () => {
    assert.equal(changed({ username: 'ada' }, { username: '' }).username, undefined);
    assert.equal(changed({ headImage: 'x' }, { headImage: '' }).headImage, undefined);
  });

  it('refuses what is out of range, and says the range', () => {
    refused({ age: -1 }, /^age is -1, it may be 0 to 150$/);
    refused({ age: greatestAge + 1 }, /0 to 150/);
    refused({ sex: largestSex + 1 }, /^sex is 10, it may be 0 to 9$/);
    refused({ sex: 0.5 }, /0 to 9/);
  });

  it('says all that is wrong at once', () => {
    refused({ username: 'a\nb', sex: -1, age: 999 }, /username.*; sex.*; age/);
  });

  it('counts a name in characters, and an image in bytes', () => {
    assert.equal(
      changed({}, { username: '🂡'.repeat(longestUsername) }).username?.length,
      2 * longestUsername,
    );
    refused({ username: 'a'.repeat(longestUsername + 1) }, /65 characters, it may have 64/);
    assert.ok(changed({}, { headImage: 'a'.repeat(largestHeadImageBytes) }));
    refused({ headImage: 'ä'.repeat(largestHeadImageBytes / 2 + 1) }, /196610 bytes, it may have 196608/);
  });

  it('refuses texts that hide something or nothing', () => {
    refused({ username: 'a\u0000b' }, /control/);
    refused({ username: 'a\u2028b' }, /control/);
    refused({ username: '\ud800' }, /control/);
    refused({ username: '   ' }, /blank/);
    refused({ headImage: 'a\nb' }, /control/);
  });

  it('is bounded as a whole, as it is kept', () => {
    const headImage = '"'.repeat(largestHeadImageBytes);
    refused({ headImage }, /would take 39\d+ bytes, it may take 262144/);
  });
});
