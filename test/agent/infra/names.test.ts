import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { latestRound, roundName, runOf, testKeyOf, wordFor } from '../../../src/agent/infra/names.js';
import { resultToken } from '../../../src/bus/result-records.js';
import * as daemon from '../../../src/gen/infra/daemon.js';
import * as server from '../../../src/gen/infra/server.js';

const byNumber = (testN: number) => server.StartTest_Request.encode({ groupName: 'g', testN }).finish();
const byText = (testName: string) =>
  daemon.StartTest_Request.encode({ groupName: 'g', testName, duration: 7 }).finish();

describe('what controllers of before call groups and tests', () => {
  test('becomes words that runs and tests can be called, different ones for different names', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 20 }), (names) => {
        const words = names.map(wordFor);
        for (const word of words) assert.ok(resultToken.safeParse(roundName(word, 123_456)).success, word);
        assert.equal(new Set(words).size, new Set(names).size);
      }),
    );
    for (const [one, other] of [
      ['a', 'name-a'],
      ['x'.repeat(41), 'x'.repeat(42)],
      ['g 1', 'g-1'],
    ] as const) {
      assert.notEqual(wordFor(one), wordFor(other));
    }
  });

  test('leads to the same run on every node, and to another for another group', () => {
    assert.equal(runOf('key-1'), runOf('key-1'));
    assert.notEqual(runOf('key-1'), runOf('key-2'));
    assert.ok(resultToken.safeParse(runOf('k'.repeat(500))).success);
  });

  test('names the same test by a number and by a text that is that number, in whichever form it comes', () => {
    for (const form of [false, true]) {
      assert.equal(testKeyOf(byNumber(7), form), 'test-7');
      assert.equal(testKeyOf(byText('7'), form), 'test-7');
      assert.equal(testKeyOf(byText('ping'), form), 'name-ping');
      assert.match(testKeyOf(byText('Größe 1'), form), /^hash-[\w-]{22}$/);
    }
    assert.equal(testKeyOf(byNumber(-3), false), 'test--3');
    assert.equal(testKeyOf(byNumber(0), false), 'test-0', 'a number that is left out is 0');
    assert.throws(() => testKeyOf(byText(''), true), { code: 'TEST_INVALID' });
    assert.notEqual(testKeyOf(byText('07'), true), 'test-7', 'no controller writes a number like this');
    const large = ['9007199254740991', '9007199254740992', '9007199254740993', '99999999999999999'];
    assert.equal(new Set(large.map((text) => testKeyOf(byText(text), true))).size, 4, 'nothing is rounded');
  });

  test('are found again in their latest round, whatever else is there', () => {
    const names = ['test-7-r1', 'test-7-r12', 'test-70-r99', 'name-test-7-r50', 'test-7-rx', 'test-7'];
    assert.equal(latestRound(names, 'test-7'), 12);
    assert.equal(latestRound(names, 'test-8'), 0);
  });
});
