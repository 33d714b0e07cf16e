import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { CallerVerifier } from '../../../src/auth/caller-verifier.js';
import { coversMethod, methodPattern, methodsCover } from '../../../src/auth/method-patterns.js';
import { coversNode, nodePattern, patternsCover } from '../../../src/auth/node-patterns.js';
import { PosternError } from '../../../src/errors.js';
import type { Corpus, FuzzTarget } from '../target.js';

const claims = {
  iss: 'postern',
  aud: 'postern',
  sub: 'fuzz',
  jti: 'id',
  exp: 4_000_000_000,
  email: 'a@b.example',
  roles: ['call', 'join'],
  nodes: ['edge-*', 'site=berlin,!gpu'],
  methods: ['etcdserverpb.KV/*', 'pkg.*'],
  limits: { callsPerSecond: 1.5, inFlight: 5, deadlineMs: 30_000 },
};

/** Claims that the hub's own key has signed, whatever they are: understood as they stand, or refused. */
export function tokenClaims(): FuzzTarget {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const verifier = new CallerVerifier({ publicKey, isRevoked: () => false, remember: 10 });
  const header = Buffer.from('{"alg":"EdDSA"}').toString('base64url');
  let checks: Promise<void>[] = [];
  const check = async (payload: Buffer): Promise<void> => {
    const text = `${header}.${payload.toString('base64url')}`;
    const token = `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    try {
      const found = await verifier.verify(token);
      const said = JSON.parse(payload.toString('utf8'));
      assert.deepEqual(found.roles, said.roles);
      assert.deepEqual(found.nodes, said.nodes);
      assert.deepEqual(found.limits, said.limits ?? {});
      assert.equal(found.methods?.length, said.methods?.length);
      assert.equal(found.subject, said.sub);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'UNAUTHENTICATED') throw thrown;
    }
  };
  return {
    seeds: [
      Buffer.from(JSON.stringify(claims)),
      Buffer.from(JSON.stringify({ ...claims, nodes: undefined, methods: undefined, limits: undefined })),
      Buffer.from('{"\\u0073ub":"x","sub":"y","limits":{"inFlight":1,"inFlight":2}}'),
    ],
    batch: 64,
    feed(input) {
      checks.push(check(input));
    },
    async settle() {
      const waiting = checks;
      checks = [];
      await Promise.all(waiting);
    },
  };
}

/** Patterns of nodes and methods: what is taken for one covers itself, and fits nothing that it does not say. */
export function tokenPatterns(corpus: Corpus): FuzzTarget {
  const labels = { site: 'berlin', rack: '7' };
  return {
    seeds: [
      ...[...claims.nodes, ...claims.methods, '/pkg.Service/Method', 'a=b,c!=d,e=*,!f', '*'].map((text) =>
        Buffer.from(text),
      ),
      ...corpus.tokens.slice(0, 2),
    ],
    feed(input) {
      const text = input.toString('utf8');
      const node = nodePattern.safeParse(text);
      if (node.success) {
        assert.ok(patternsCover([text], [text]));
        assert.ok(patternsCover(['*'], [text]));
        assert.ok(text === '*' || !patternsCover([text], ['*']));
      } else assert.equal(coversNode([text], 'edge-1', labels) && /[=!,]/.test(text), false);
      const method = methodPattern.safeParse(text);
      if (method.success) assert.ok(methodsCover([method.data], [method.data]));
      // As a path it fits a package only where it is one service and one method of it.
      if (coversMethod(['pkg.*'], text)) assert.match(text, /^\/pkg\.[\w.-]+\/[\w-]+$/);
    },
  };
}
