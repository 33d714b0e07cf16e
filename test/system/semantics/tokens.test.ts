import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential, nodeName } from '../../support/differential/differential.js';
import { comparable, type Field } from '../../support/differential/fields.js';
import { afterRequest } from '../../support/differential/server.js';

let differential: Differential;
/** Two good tokens of the hub. */
let token: string;
let other: string;
before(async () => {
  differential = await Differential.start();
  token = differential.token;
  other = await differential.fleet.callerToken('other');
});
after(() => differential.stop());

const names = ['authorization', 'jwt', 'x-postern-authorization', 'x-postern-node', 'name'];
const node: Field = ['x-postern-node', nodeName];

/** What of those names the server sees of a call with these fields; nothing of a token may be in anything it sees. */
async function seenOf(fields: readonly Field[]): Promise<Record<string, string[]>> {
  const { server, client } = await differential.through({
    serve: afterRequest((call) => call.trailersOnly([['grpc-status', '0']])),
    toPostern: fields,
  });
  assert.ok(server, `it did not come to the server: ${JSON.stringify(client.head?.fields)}`);
  const all = JSON.stringify(server.fields);
  for (const secret of [token, other]) {
    assert.ok(!all.includes(secret), 'a token of the hub has left it');
    assert.ok(!all.includes(secret.slice(-40)), 'a part of a token has left the hub');
  }
  return comparable(server.fields.filter(([name]) => names.includes(name)));
}

describe("a caller's own credentials pass untouched", () => {
  const holders: Record<string, () => Field> = {
    jwt: () => ['jwt', token],
    'jwt, as a bearer': () => ['jwt', `Bearer ${token}`],
    'x-postern-authorization': () => ['x-postern-authorization', token],
    'x-postern-authorization, as a bearer': () => ['x-postern-authorization', `bearer ${token}`],
  };
  const own = [
    'Basic dXNlcjpwYXNz',
    'Bearer upstream.own.token',
    'bearer  two-spaces',
    'Digest a="b", c="d"',
    '',
  ];
  for (const [holder, field] of Object.entries(holders)) {
    for (const value of own) {
      test(`authorization '${value}' beside ${holder}`, async () => {
        assert.deepEqual(await seenOf([node, ['authorization', value], field()]), { authorization: [value] });
      });
    }
    test(`two of authorization beside ${holder}`, async () => {
      assert.deepEqual(
        await seenOf([node, ['authorization', 'Basic one'], field(), ['authorization', 'Bearer two']]),
        { authorization: ['Basic one, Bearer two'] },
      );
    });
  }

  test('jwt beside x-postern-authorization', async () => {
    assert.deepEqual(await seenOf([node, ['jwt', 'own'], ['x-postern-authorization', token]]), {
      jwt: ['own'],
    });
  });
});

describe("the hub's token does not leave it", () => {
  const cases: Record<string, () => readonly Field[]> = {
    'as authorization': () => [['authorization', `Bearer ${token}`]],
    'in odd case and with odd spaces': () => [['authorization', `bEaReR \t ${token}`]],
    'as jwt': () => [['jwt', token]],
    'as x-postern-authorization': () => [['x-postern-authorization', token]],
    'in all three': () => [
      ['authorization', `Bearer ${token}`],
      ['jwt', token],
      ['x-postern-authorization', token],
    ],
    'twice in one': () => [
      ['authorization', `Bearer ${token}`],
      ['authorization', `bearer ${token}`],
    ],
    'again in another, in odd case': () => [
      ['jwt', token],
      ['authorization', `BEARER   ${token}`],
    ],
    'again in another, without Bearer': () => [
      ['x-postern-authorization', token],
      ['authorization', token],
    ],
    'again in another, joined with others': () => [
      ['x-postern-authorization', token],
      ['authorization', `Bearer ${token}, Bearer ${token}`],
      ['jwt', `${token},${token}`],
    ],
    'again in another, in another scheme': () => [
      ['x-postern-authorization', token],
      ['authorization', `Token token=${token}`],
    ],
    'a second token of the hub in another': () => [
      ['x-postern-authorization', token],
      ['jwt', other],
      ['authorization', `Bearer ${other}`],
    ],
  };
  for (const [what, fields] of Object.entries(cases)) {
    test(what, async () => assert.deepEqual(await seenOf([node, ...fields()]), {}));
  }

  test('two of them under one name reach no server: nobody can tell who calls', async () => {
    for (const name of ['jwt', 'x-postern-authorization', 'authorization']) {
      const both: Field[] = [token, other].map((one) => [name, `Bearer ${one}`]);
      await assert.rejects(
        seenOf([node, ...both]),
        /did not come to the server.*there twice, with different/,
      );
    }
  });

  test('what else was in such a header passes', async () => {
    assert.deepEqual(
      await seenOf([
        node,
        ['x-postern-authorization', token],
        ['authorization', `Bearer ${other}, Basic own`],
        ['jwt', `own.own.own,${token}`],
      ]),
      { authorization: ['Basic own'], jwt: ['own.own.own'] },
    );
    assert.deepEqual(
      await seenOf([
        node,
        ['x-postern-authorization', token],
        ['authorization', `Bearer ${token}`],
        ['authorization', 'Basic own'],
      ]),
      { authorization: ['Basic own'] },
    );
  });
});

describe('what names the node does not reach it', () => {
  const mine = (): Field => ['x-postern-authorization', token];

  test('name', async () => assert.deepEqual(await seenOf([mine(), ['name', nodeName]]), {}));

  test('name, more than once', async () =>
    assert.deepEqual(await seenOf([mine(), ['name', nodeName], ['name', 'other'], ['name', nodeName]]), {}));

  test('x-postern-node, more than once', async () =>
    assert.deepEqual(await seenOf([mine(), node, ['x-postern-node', 'other']]), {}));

  test('name is for the server where x-postern-node was used', async () =>
    assert.deepEqual(await seenOf([['name', 'mine'], mine(), node, ['name', 'too']]), {
      name: ['mine', 'too'],
    }));

  test('nor does anything with which the hub speaks to itself', async () => {
    const ours: readonly Field[] = ['x-postern-caller', 'x-postern-roles', 'x-postern-nodes'].map((name) => [
      name,
      'forged',
    ]);
    const { server } = await differential.through({
      serve: afterRequest((call) => call.trailersOnly([['grpc-status', '0']])),
      metadata: ours,
    });
    assert.deepEqual(
      server?.fields.filter(([name]) => name.startsWith('x-postern')),
      [],
    );
  });
});
