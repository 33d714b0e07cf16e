import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { textOfToken, tokenOfText } from '../../src/bus/subject-token.js';

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 300 });
const service = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}(\.[A-Za-z_][A-Za-z0-9_]{0,8}){0,4}$/);

describe('a token of a subject', () => {
  it('shows a service so that people can read it', () => {
    assert.equal(tokenOfText('grpc.health.v1.Health'), 'grpc-health-v1-Health');
    assert.equal(tokenOfText('UnaryCall_2'), 'UnaryCall_2');
    assert.equal(tokenOfText(''), '-');
  });

  it('is one token without wildcards, of bounded length, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, fc.string({ unit: 'binary' })), (text) => {
        assert.match(tokenOfText(text), /^[A-Za-z0-9_%~-]{1,128}$/);
      }),
    );
  });

  it('can be read back, unless the text is long', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, service, fc.constantFrom('.', '-', '~', '%', '*.>', ' ')), (text) => {
        const token = tokenOfText(text);
        assert.equal(textOfToken(token), token.includes('~') ? undefined : text);
        if (text.length <= 10) assert.ok(!token.includes('~'), token);
      }),
    );
  });

  it('tells long texts apart that begin alike', () => {
    const [one, other] = [tokenOfText(`${'a.'.repeat(100)}x`), tokenOfText(`${'a.'.repeat(100)}y`)];
    assert.notEqual(one, other);
    assert.equal(one.slice(0, 100), other.slice(0, 100));
    assert.equal(textOfToken(one), undefined);
  });

  it('that is none of ours is not read', () => {
    for (const token of ['', 'a.b', '%zz', '%2f', '%FF', 'a b', '%41'])
      assert.equal(textOfToken(token), undefined);
  });
});
