import assert from 'node:assert/strict';
import { DescriptorPool } from '../../../src/client/descriptor-pool.js';
import { bodiesOf, decodeAnswer, encodeQuestion } from '../../../src/client/reflection-messages.js';
import { PosternError } from '../../../src/errors.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** What a server's reflection answers: read, or refused with an error that the client catches. */
export function reflection(corpus: Corpus): FuzzTarget {
  return {
    seeds: [...corpus.reflection, Buffer.from(encodeQuestion({ kind: 'services' }))],
    feed(input) {
      try {
        const answer = decodeAnswer(input);
        if (answer?.kind === 'services') for (const name of answer.names) assert.equal(typeof name, 'string');
      } catch (thrown) {
        assert.ok(thrown instanceof Error && !(thrown instanceof assert.AssertionError), String(thrown));
        assert.ok(!(thrown instanceof TypeError), String(thrown));
      }
    },
  };
}

/** Descriptors of a server: they make a registry, or `DESCRIPTORS_UNUSABLE`. */
export function descriptors(corpus: Corpus): FuzzTarget {
  const files = corpus.reflection.flatMap((answer) =>
    bodiesOf(answer, 4).flatMap((body) => bodiesOf(body, 1)),
  );
  return {
    seeds: files.map((file) => Buffer.from(file)),
    batch: 16,
    feed(input) {
      const pool = new DescriptorPool();
      try {
        pool.addFile(input);
        pool.missing();
        for (const desc of pool.registry()) assert.ok(desc.kind.length > 0);
      } catch (thrown) {
        assert.ok(thrown instanceof PosternError, thrown instanceof Error ? thrown.stack : String(thrown));
      }
    },
  };
}
