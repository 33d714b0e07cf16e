import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Identity, Limits } from '../../src/auth/identity.js';
import { limitExceeded, narrowerLimits } from '../../src/auth/limits.js';
import { coversMethod, methodPattern, methodsCover } from '../../src/auth/method-patterns.js';
import { coversNode, nodePattern, patternsCover } from '../../src/auth/node-patterns.js';
import { allowedTimeoutMs, nodeCallDenied, serviceCallDenied } from '../../src/auth/policy.js';

const ci: Identity = {
  subject: 'ci',
  tokenId: 't',
  issuer: 'postern',
  roles: ['call'],
  limits: {},
  expiresAtMs: 0,
};

describe('method patterns', () => {
  it('let methods of a name, of a service or of a package through', () => {
    const rows: [string[] | undefined, string, boolean][] = [
      [undefined, '/any.Thing/../at all', true],
      [[], '/p.S/M', false],
      [['*'], '/any.Thing/../at all', true],
      [['p.S/M'], '/p.S/M', true],
      [['p.S/M'], '/p.S/Mx', false],
      [['p.S/M'], '/p.s/M', false],
      [['p.S/*'], '/p.S/M', true],
      [['p.S/*'], '/p.Sx/M', false],
      [['p.*'], '/p.S/M', true],
      [['p.*'], '/p.q.S/M', true],
      [['p.*'], '/px.S/M', false],
      [['p.*'], '/p/M', false],
      [['q.T/N', 'p.S/M'], '/p.S/M', true],
    ];
    for (const [patterns, path, expected] of rows) {
      assert.equal(coversMethod(patterns, path), expected, `${patterns} ${path}`);
    }
  });

  it('let no path through that could lead elsewhere than it says', () => {
    const paths = [
      '/p.S/../q.T/N',
      '/p.S/..',
      '/p.S//M',
      '/p.S/M/',
      '/p.S/%4d',
      '/p.S/M?x',
      '/p.S/M#x',
      '//p.S/M',
    ];
    for (const path of [
      ...paths,
      'p.S/M',
      '/p.S/',
      '/p.S',
      '/p..S/M',
      '/.p.S/M',
      '/p.S/M\\x',
      '/p.S/M;x',
      '',
    ]) {
      for (const pattern of ['p.S/*', 'p.*', 'p.S/M'])
        assert.ok(!coversMethod([pattern], path), `${pattern} ${path}`);
    }
  });

  it('are checked, and may begin with a slash', () => {
    for (const good of ['*', 'p.*', 'p.q.*', 'p.S/*', '/p.S/M', 'S/M'])
      assert.ok(methodPattern.safeParse(good).success, good);
    assert.equal(methodPattern.parse('/p.S/M'), 'p.S/M');
    for (const bad of [
      '',
      '/',
      'p',
      'p.',
      'p.S/',
      '**',
      'p*',
      'p.S/M*',
      '*.S/M',
      'p.*/M',
      '//p.S/M',
      'p.S/M/N',
      'p.S M',
    ]) {
      assert.ok(!methodPattern.safeParse(bad).success, JSON.stringify(bad));
    }
  });
});

describe('label selectors', () => {
  it('fit nodes by the labels that they were given', () => {
    const labels = { site: 'berlin', rack: '7', empty: '' };
    const rows: [string, boolean][] = [
      ['site=berlin', true],
      ['site=paris', false],
      ['site!=paris', true],
      ['site!=berlin', false],
      ['gpu!=yes', true],
      ['!gpu', true],
      ['!site', false],
      ['rack=*', true],
      ['gpu=*', false],
      ['rack!=*', false],
      ['empty=', true],
      ['site=berlin,!gpu', true],
      ['site=berlin,gpu=*', false],
      ['constructor=*', false],
      ['!constructor', true],
    ];
    for (const [selector, expected] of rows) {
      assert.ok(nodePattern.safeParse(selector).success, selector);
      assert.equal(coversNode([selector], 'any', labels), expected, selector);
      assert.equal(coversNode([selector], 'any', undefined), false, `${selector}, the node is not known`);
    }
    for (const bad of [
      '=',
      '=x',
      'a=b=c',
      'a=b,,c=d',
      'a=b,',
      '!',
      '!!a',
      'a=x*',
      'a b=c',
      `${'a=b,'.repeat(400)}a=b`,
    ]) {
      assert.ok(!nodePattern.safeParse(bad).success, bad);
      assert.equal(coversNode([bad], 'any', labels), false, bad);
    }
  });
});

describe('a narrower token', () => {
  const key = fc.constantFrom('a', 'b');
  const value = fc.constantFrom('1', '2', '');
  const requirement = fc.oneof(
    fc
      .tuple(key, fc.constantFrom('=', '!='), fc.oneof(value, fc.constant('*')))
      .map((parts) => parts.join('')),
    key.map((name) => `!${name}`),
  );
  const selector = fc.array(requirement, { minLength: 1, maxLength: 3 }).map((all) => all.join(','));
  const glob = fc.stringMatching(/^(?:[ab]{1,3}\*?|\*)$/);
  const nodes = fc.option(fc.array(fc.oneof(glob, selector), { maxLength: 3 }), { nil: undefined });
  const labels = fc.option(fc.dictionary(key, value), { nil: undefined });
  const part = fc.constantFrom('p', 'q');
  const method = fc.oneof(
    fc.constant('*'),
    part.map((one) => `${one}.*`),
    fc.tuple(part, part).map(([a, b]) => `${a}.${b}.*`),
    fc.tuple(part, part, fc.constantFrom('*', 'M', 'N')).map(([a, b, c]) => `${a}.${b}/${c}`),
  );
  const methods = fc.option(fc.array(method, { maxLength: 3 }), { nil: undefined });
  const path = fc.oneof(
    fc.tuple(part, part, fc.constantFrom('M', 'N')).map(([a, b, c]) => `/${a}.${b}/${c}`),
    fc.tuple(part, part, part, fc.constantFrom('M', 'N')).map(([a, b, c, d]) => `/${a}.${b}.${c}/${d}`),
    fc.constantFrom('/p.q/../x', '/p/M', '*'),
  );
  const amount = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
  const limits: fc.Arbitrary<Limits> = fc.record({
    inFlight: amount,
    deadlineMs: amount,
    callsPerSecond: amount,
  });

  it('allows nothing that a wider one refuses: nodes', () => {
    let covered = 0;
    const property = fc.property(
      nodes,
      nodes,
      fc.stringMatching(/^[ab]{1,4}$/),
      labels,
      (held, wanted, node, has) => {
        if (!patternsCover(held, wanted) || !coversNode(wanted, node, has)) return;
        covered++;
        assert.ok(coversNode(held, node, has));
      },
    );
    fc.assert(property, { numRuns: 3_000 });
    assert.ok(covered > 100, `${covered} of these cases say something`);
  });

  it('allows nothing that a wider one refuses: methods', () => {
    let covered = 0;
    const property = fc.property(methods, methods, path, (held, wanted, asked) => {
      if (!methodsCover(held, wanted) || !coversMethod(wanted, asked)) return;
      covered++;
      assert.ok(coversMethod(held, asked));
    });
    fc.assert(property, { numRuns: 3_000 });
    assert.ok(covered > 100, `${covered} of these cases say something`);
  });

  it('allows no more than a wider one: limits', () => {
    fc.assert(
      fc.property(limits, limits, (held, wanted) => {
        const both = narrowerLimits(held, wanted);
        assert.equal(limitExceeded(held, both), undefined);
        assert.equal(limitExceeded(wanted, both), undefined);
        if (limitExceeded(held, wanted) === undefined) assert.deepEqual(narrowerLimits(wanted, {}), both);
      }),
    );
  });

  it('is known as narrower', () => {
    const yes: [string, string][] = [
      ['site=berlin', 'site=berlin,!gpu'],
      ['site=*', 'site=berlin'],
      ['site!=paris', 'site=berlin'],
      ['gpu!=yes', '!gpu'],
      ['*', 'site=berlin'],
    ];
    for (const [held, wanted] of yes) assert.ok(patternsCover([held], [wanted]), `${held} ${wanted}`);
    const no: [string, string][] = [
      ['site=berlin,!gpu', 'site=berlin'],
      ['site=berlin', 'site=*'],
      ['edge-*', 'site=berlin'],
      ['site=berlin', 'edge-1'],
    ];
    for (const [held, wanted] of no) assert.ok(!patternsCover([held], [wanted]), `${held} ${wanted}`);
  });
});

describe('a refused call', () => {
  const granted = { site: 'berlin' };
  const denied = (over: Partial<Identity>, node = 'cellar', path = '/etcdserverpb.KV/Put') =>
    nodeCallDenied({ ...ci, ...over }, node, granted, path);

  it('is told which claim is missing', () => {
    assert.equal(denied({}), undefined);
    assert.equal(denied({ nodes: ['site=berlin'], methods: ['etcdserverpb.*'] }), undefined);
    assert.equal(
      denied({ methods: ['etcdserverpb.KV/Range'] }),
      "'ci' may not call etcdserverpb.KV/Put on node 'cellar': claim methods allows etcdserverpb.KV/Range",
    );
    assert.equal(
      denied({ nodes: ['edge-*', 'site=paris'] }),
      "'ci' may not call node 'cellar': claim nodes allows edge-* site=paris",
    );
    assert.equal(
      denied({ roles: ['join', 'trace'] }),
      "'ci' may not call node 'cellar': claim roles holds join, trace, and no call",
    );
    assert.equal(denied({ nodes: [] }), "'ci' may not call node 'cellar': claim nodes allows none");
    const many = Array.from({ length: 60 }, (_, i) => `n${i}`);
    assert.match(denied({ nodes: many }) ?? '', /allows n0 n1 n2 n3 and 56 more$/);
    assert.equal(
      serviceCallDenied({ ...ci, nodes: [], methods: ['a.B/*'] }, 'rooms', '/a.C/M'),
      "'ci' may not call a.C/M of service 'rooms': claim methods allows a.B/*",
    );
  });

  it('is refused again, and others are not, however many were asked for', () => {
    const identity = { ...ci, nodes: ['n1*'], methods: ['p.S/*'] };
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 1_500; i++) {
        assert.equal(nodeCallDenied(identity, 'n1', granted, `/p.S/M${i}`), undefined);
        assert.notEqual(nodeCallDenied(identity, 'n1', granted, `/p.T/M${i}`), undefined);
        assert.equal(nodeCallDenied(identity, `n1${i}`, granted, '/p.S/M'), undefined);
        assert.notEqual(nodeCallDenied(identity, `n2${i}`, granted, '/p.S/M'), undefined);
      }
    }
  });

  it('follows labels, which may change', () => {
    const identity = { ...ci, nodes: ['site=berlin'] };
    assert.equal(nodeCallDenied(identity, 'n', { site: 'berlin' }, '/p.S/M'), undefined);
    assert.notEqual(nodeCallDenied(identity, 'n', { site: 'paris' }, '/p.S/M'), undefined);
    assert.equal(nodeCallDenied(identity, 'n', { site: 'berlin' }, '/p.S/M'), undefined);
  });
});

describe('the longest deadline', () => {
  it('is given to calls with a later one, or none', () => {
    const bound = { ...ci, limits: { deadlineMs: 500 } };
    assert.equal(allowedTimeoutMs(bound, undefined), 500);
    assert.equal(allowedTimeoutMs(bound, 501), 500);
    assert.equal(allowedTimeoutMs(bound, 499), 499);
    assert.equal(allowedTimeoutMs(ci, undefined), undefined);
    assert.equal(allowedTimeoutMs(ci, 9), 9);
  });
});
