/** Stubs of all public protos, in `clients/gen/LANGUAGE`. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot, compiledRoot } from '../../test/support/processes.js';
import { goToolchain } from '../go-toolchain.js';
import { alone, replaced } from '../kept.js';
import { goStubs } from './go.js';
import { hashOf, protoDir, publicProtos } from './protos.js';
import { python, pythonStubs } from './python.js';
import { cargo, rustStubs } from './rust.js';
import { typescriptStubs } from './typescript.js';

/** A language that stubs are made for. */
export type Language = 'python' | 'go' | 'rust' | 'typescript';

interface Maker {
  /** Throws where the language's tools are not there. */
  readonly toolchain: () => Promise<unknown>;
  readonly make: (protos: readonly string[], into: string) => Promise<void>;
  /** Other files of the checkout that decide what is made. */
  readonly from: readonly string[];
}

const makers: Readonly<Record<Language, Maker>> = {
  python: {
    toolchain: () => python(),
    make: pythonStubs,
    from: ['clients/examples/python/requirements.txt'],
  },
  go: { toolchain: () => goToolchain(), make: goStubs, from: ['clients/examples/go/go.mod'] },
  rust: {
    toolchain: () => cargo(),
    make: rustStubs,
    from: ['Cargo.lock', 'src/main.rs'].map((file) => `scripts/clients/rust/${file}`),
  },
  typescript: { toolchain: async () => {}, make: typescriptStubs, from: ['package-lock.json'] },
};

/** All of them. */
export const languages: readonly Language[] = ['python', 'go', 'rust', 'typescript'];

/** Throws `NO_GO` or `NO_TOOLCHAIN` where the tools of a language are not there. */
export async function needToolchain(language: Language): Promise<void> {
  await makers[language].toolchain();
}

/** Where the stubs of a language are. */
export function stubsDir(language: Language): string {
  return path.join(checkoutRoot, 'clients/gen', language);
}

/** Makes stubs where a proto, a version or a generator's options have changed; gives the directory. */
export async function stubs(language: Language): Promise<string> {
  const { make, from } = makers[language];
  const directory = stubsDir(language);
  const protos = await publicProtos();
  const sources = [
    ...protos.map((proto) => path.join(protoDir, proto)),
    ...from.map((file) => path.join(checkoutRoot, file)),
    path.join(compiledRoot, `scripts/clients/${language}.js`),
  ];
  const made = await hashOf(sources, language);
  const mark = path.join(directory, '.made-of');
  await alone(path.join(path.dirname(directory), `.${language}`), async () => {
    if ((await readFile(mark, 'utf8').catch(() => '')) === made) return;
    await replaced(directory, async (into) => {
      await make(protos, into);
      await writeFile(path.join(into, '.made-of'), made);
    });
  });
  return directory;
}
