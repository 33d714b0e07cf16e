import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeToken } from '../../src/auth/bearer.js';

describe("the hub's token", () => {
  it("is taken from the header that holds it; what is left is the upstream's", () => {
    const rows: {
      name: string;
      given: string[];
      token: string | undefined;
      rest: string[];
      differ?: true;
    }[] = [
      { name: 'none', given: ['a', 'b'], token: undefined, rest: ['a', 'b'] },
      { name: 'authorization', given: ['authorization', 'Bearer T', 'a', 'b'], token: 'T', rest: ['a', 'b'] },
      { name: 'any case', given: ['authorization', 'bEARER  T '], token: 'T', rest: [] },
      {
        name: 'basic',
        given: ['authorization', 'Basic T'],
        token: undefined,
        rest: ['authorization', 'Basic T'],
      },
      { name: 'jwt', given: ['jwt', 'T'], token: 'T', rest: [] },
      {
        name: 'jwt first',
        given: ['authorization', 'Bearer U', 'jwt', 'T'],
        token: 'T',
        rest: ['authorization', 'Bearer U'],
      },
      {
        name: 'ours first',
        given: ['jwt', 'J', 'authorization', 'Bearer U', 'x-postern-authorization', 'Bearer T'],
        token: 'T',
        rest: ['jwt', 'J', 'authorization', 'Bearer U'],
      },
      { name: 'ours, bare', given: ['x-postern-authorization', 'T'], token: 'T', rest: [] },
      {
        name: 'the same token again under another name',
        given: ['authorization', 'Bearer T', 'x', 'y', 'jwt', 'T', 'x-postern-authorization', 'T'],
        token: 'T',
        rest: ['x', 'y'],
      },
      {
        name: 'given twice',
        given: ['authorization', 'Bearer T', 'authorization', 'Bearer V'],
        token: 'T',
        rest: [],
        differ: true,
      },
      {
        name: 'given twice, the second one no bearer',
        given: ['authorization', 'Bearer T', 'authorization', 'Basic V'],
        token: 'T',
        rest: [],
        differ: true,
      },
      {
        name: 'given twice, the first one no bearer',
        given: ['authorization', 'Basic V', 'authorization', 'Bearer T'],
        token: 'T',
        rest: [],
        differ: true,
      },
      {
        name: 'given twice, the same',
        given: ['jwt', 'T', 'jwt', 'Bearer T'],
        token: 'T',
        rest: [],
      },
      {
        name: 'beside one that is no bearer',
        given: ['x-postern-authorization', 'T', 'authorization', 'Basic U'],
        token: 'T',
        rest: ['authorization', 'Basic U'],
      },
    ];
    for (const { name, given, token, rest, differ = false } of rows) {
      const taken = takeToken(given);
      assert.equal(taken.token, token, name);
      assert.equal(taken.differ, differ, name);
      assert.deepEqual(taken.rest, rest, name);
    }
  });

  it('and every other token of the hub is taken out of what is left', () => {
    const isOurs = (token: string): boolean => token === 'o.u.rs';
    const rows: { given: string[]; rest: string[] }[] = [
      { given: ['authorization', 'T'], rest: [] },
      { given: ['authorization', 'Bearer o.u.rs'], rest: [] },
      { given: ['authorization', 'Token token="o.u.rs"'], rest: [] },
      {
        given: ['authorization', 'Bearer T, Basic U', 'a', 'T'],
        rest: ['authorization', 'Basic U', 'a', 'T'],
      },
      { given: ['jwt', 'a.b.c,o.u.rs , d.e.f'], rest: ['jwt', 'a.b.c, d.e.f'] },
      { given: ['jwt', ' a.b.c , d'], rest: ['jwt', ' a.b.c , d'] },
    ];
    for (const { given, rest } of rows) {
      assert.deepEqual(takeToken(['x-postern-authorization', 'T', ...given], isOurs).rest, rest);
    }
  });

  it('is taken out where none was shown as it should be', () => {
    const isOurs = (token: string): boolean => token === 'o.u.rs';
    const taken = takeToken(['authorization', 'o.u.rs', 'a', 'b'], isOurs);
    assert.deepEqual(taken, { token: undefined, differ: false, rest: ['a', 'b'] });
  });

  it('is found behind something else that looks like a part of one', () => {
    const isOurs = (token: string): boolean => token === 'o.u.rs';
    assert.deepEqual(takeToken(['jwt', 'T', 'authorization', 'Bearer a.o.u.rs'], isOurs).rest, []);
  });

  it('takes little time to find, whatever stands there in its place', () => {
    let asked = 0;
    const isOurs = (): boolean => {
      asked++;
      return false;
    };
    const long = 64_000;
    for (const text of ['a', 'a.', '.', 'a.b.c,', 'a.b.c ', ',']) {
      const given = ['jwt', 'T', 'authorization', text.repeat(long / text.length), 'authorization', text];
      const startedAt = performance.now();
      takeToken(given, isOurs);
      // Half a minute in the square of the length, or a check of a signature for each part.
      assert.ok(performance.now() - startedAt < 10_000, text);
    }
    assert.ok(asked <= 6 * 32, `${asked} signatures to check`);
  });
});
