import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { takeToken } from '../../../src/auth/bearer.js';
import { withoutCaller } from '../../../src/hub/caller-metadata.js';
import { withoutIdentity } from '../../../src/hub/door/identity-headers.js';
import { Said } from '../../../src/hub/door/said.js';

const nobodys = (): boolean => false;

const names = [
  'x-postern-node',
  'name',
  'jwt',
  'authorization',
  'x-postern-authorization',
  'user_email',
  'a',
];
const values = ['n1', 'Bearer T', 'a.b.c', 'T', ''];
const metadata = fc
  .array(fc.tuple(fc.constantFrom(...names, 'x-postern-caller'), fc.constantFrom(...values)), {
    maxLength: 6,
  })
  .map((pairs) => pairs.flat());

describe('what the metadata of a call say to the hub', () => {
  it('is the same however often it is asked for', () => {
    fc.assert(
      fc.property(metadata, (given) => {
        const said = new Said(given);
        const expected = takeToken(said.rest, nobodys);
        for (let time = 0; time < 3; time++) {
          const taken = said.taken(nobodys);
          assert.deepEqual(taken, expected);
          assert.deepEqual(said.cleaned(taken.rest), withoutIdentity(withoutCaller(expected.rest)));
          assert.deepEqual(said.cleaned(given), withoutIdentity(withoutCaller(given)));
        }
      }),
    );
  });

  it('names a node, which is not passed on', () => {
    const said = new Said(['name', 'n2', 'a', '1', 'x-postern-node', 'n1', 'x-postern-node', 'n3']);
    assert.equal(said.node?.node, 'n1');
    assert.deepEqual(said.rest, ['name', 'n2', 'a', '1']);
    assert.deepEqual(new Said(['a', '1']).rest, ['a', '1']);
  });

  it('holds no token of the hub any more as soon as it is known for one', () => {
    const said = new Said(['jwt', 'T', 'authorization', 'Bearer a.b.c']);
    assert.deepEqual(said.taken(nobodys).rest, ['authorization', 'Bearer a.b.c']);
    assert.deepEqual(said.taken((token) => token === 'a.b.c').rest, []);
  });
});
