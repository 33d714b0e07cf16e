import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinSecretMatches, makeJoinToken, parseJoinToken } from '../../src/auth/join-tokens.js';

describe('a join token', () => {
  it('is recognised by its secret, of which only a hash is kept', () => {
    const made = makeJoinToken();
    const parts = parseJoinToken(made.token);
    assert.equal(parts?.id, made.id);
    const secret = parts?.secret ?? '';
    assert.ok(joinSecretMatches(secret, made.secretHash));
    assert.ok(!made.secretHash.includes(secret));
    assert.ok(!joinSecretMatches(parseJoinToken(makeJoinToken().token)?.secret ?? '', made.secretHash));
    assert.ok(!joinSecretMatches(secret, ''));
    assert.ok(!joinSecretMatches(secret, made.secretHash.slice(2)));
  });

  it('is nothing else', () => {
    const { token } = makeJoinToken();
    for (const text of [
      '',
      'pj_',
      token.slice(1),
      `${token}0`,
      token.toUpperCase(),
      ` ${token}`,
      `${token}\n`,
    ]) {
      assert.equal(parseJoinToken(text), undefined, JSON.stringify(text));
    }
  });
});
