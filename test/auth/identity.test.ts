import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasRole, mayCall, nodesCover, type Role, roles } from '../../src/auth/identity.js';
import { nodePattern } from '../../src/auth/node-patterns.js';

describe('roles', () => {
  it('include others, as the table says', () => {
    const table: Record<Role, Role[]> = {
      call: ['call'],
      join: ['join'],
      operate: ['call', 'join', 'operate'],
      trace: ['trace'],
      admin: ['call', 'join', 'operate', 'trace', 'admin'],
    };
    for (const held of roles) {
      assert.deepEqual(
        roles.filter((wanted) => hasRole({ roles: [held] }, wanted)),
        table[held],
      );
    }
    assert.equal(hasRole({ roles: [] }, 'call'), false);
  });
});

describe('node patterns', () => {
  it('decide which nodes may be called', () => {
    const rows: [string[] | undefined, string, boolean][] = [
      [undefined, 'any', true],
      [[], 'any', false],
      [['*'], 'any', true],
      [['n1'], 'n1', true],
      [['n1'], 'n10', false],
      [['n1*'], 'n10', true],
      [['n1*'], 'n2', false],
      [['a', 'b'], 'b', true],
    ];
    for (const [nodes, node, expected] of rows) {
      assert.equal(mayCall({ roles: ['call'], nodes }, node), expected, `${nodes} ${node}`);
    }
    assert.equal(mayCall({ roles: [], nodes: undefined }, 'any'), false, 'without a role, nothing');
  });

  it('are checked', () => {
    for (const good of ['n1', 'n*', '*', 'a-b']) assert.ok(nodePattern.safeParse(good).success, good);
    for (const bad of ['', '**', '*a', 'a*b', 'A', 'a.b', '>', 'a b', '\n']) {
      assert.ok(!nodePattern.safeParse(bad).success, JSON.stringify(bad));
    }
  });

  it('that cover others let through whatever the others let through', () => {
    const glob = fc.stringMatching(/^[ab]{0,3}\*?$/).filter((text) => text !== '');
    const globs = fc.option(fc.array(glob, { maxLength: 3 }), { nil: undefined });
    fc.assert(
      fc.property(globs, globs, fc.stringMatching(/^[ab]{1,4}$/), (held, wanted, node) => {
        if (!nodesCover(held, wanted)) return;
        const through = mayCall({ roles: ['call'], nodes: wanted }, node);
        assert.ok(!through || mayCall({ roles: ['call'], nodes: held }, node));
      }),
    );
    assert.ok(nodesCover(['n*'], ['n1*', 'n2']));
    assert.ok(!nodesCover(['n*'], undefined));
    assert.ok(!nodesCover(['n1'], ['n1*']));
  });
});
