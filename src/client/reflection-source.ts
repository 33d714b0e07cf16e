import type { FileRegistry } from '@bufbuild/protobuf';
import { type Client, type Metadata, status } from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import { candidates } from './descriptor-names.js';
import { DescriptorPool } from './descriptor-pool.js';
import { type DescriptorSource, findIn } from './descriptors.js';
import { openReflection } from './reflection.js';
import type { ReflectionQuestion } from './reflection-messages.js';

/** Full names as descriptors have them; what a server lists else is no service that could be called. */
const fullName = /^[A-Za-z_][\w.-]*$/;
/** Questions to one server; none has a tenth of so many files. */
const mostQuestions = 10_000;

/** Types from a server's reflection, asked for one by one as they are needed. */
export function reflectionSource(client: Client, metadata: Metadata, deadlineMs?: number): DescriptorSource {
  const reflection = openReflection(client, metadata, deadlineMs);
  const pool = new DescriptorPool();
  const filesAsked = new Set<string>();
  let questions = 0;

  /** Adds the files of an answer and all that they import; false when the server does not know what was asked for. */
  async function load(question: ReflectionQuestion): Promise<boolean> {
    if (++questions > mostQuestions) {
      throw new PosternError('REFLECTION_FAILED', "the server's reflection leads on and on, to no end");
    }
    const answer = await reflection.ask(question);
    if (answer.kind === 'error' && answer.code === status.NOT_FOUND) return false;
    if (answer.kind === 'error') {
      throw new PosternError('REFLECTION_FAILED', `the server's reflection answered: ${answer.message}`);
    }
    if (answer.kind !== 'files') return false;
    const wanted = new Set<string>();
    for (const bytes of answer.files) {
      for (const name of pool.addFile(bytes).dependency) wanted.add(name);
    }
    for (const name of wanted) {
      // A file that the server does not have may be no loss: what counts is whether a type is missing.
      if (pool.has(name) || filesAsked.has(name)) continue;
      filesAsked.add(name);
      await load({ kind: 'file', name });
    }
    return true;
  }

  /** Some servers do not say what their files import: then the types that are missing are asked for by name. */
  async function loadMissing(): Promise<void> {
    const asked = new Set<string>();
    for (;;) {
      const fresh = pool.missing().filter(({ scope, name }) => !asked.has(`${scope} ${name}`));
      if (fresh.length === 0) return;
      for (const { scope, name } of fresh) {
        asked.add(`${scope} ${name}`);
        for (const full of candidates(scope, name)) {
          if (await load({ kind: 'symbol', name: full })) break;
        }
      }
    }
  }

  return {
    async services() {
      const answer = await reflection.ask({ kind: 'services' });
      if (answer.kind === 'services') {
        return answer.names.filter((name) => fullName.test(name)).toSorted();
      }
      throw new PosternError('REFLECTION_FAILED', "the server's reflection did not list its services");
    },
    async find(symbol): Promise<FileRegistry | undefined> {
      const name = symbol.replace('/', '.');
      if (findIn(pool.registry(), name) !== undefined) return pool.registry();
      if (!(await load({ kind: 'symbol', name }))) {
        // Not every server knows methods as symbols.
        const service = name.slice(0, Math.max(name.lastIndexOf('.'), 0));
        if (service === '' || !(await load({ kind: 'symbol', name: service }))) return undefined;
      }
      await loadMissing();
      return findIn(pool.registry(), name) === undefined ? undefined : pool.registry();
    },
    close: () => reflection.close(),
  };
}
