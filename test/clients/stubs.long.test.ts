import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { compileStubs } from '../../scripts/clients/compile.js';
import { packageOf, protoDir, publicProtos } from '../../scripts/clients/protos.js';
import { type Language, languages, needToolchain, stubsDir } from '../../scripts/clients/stubs.js';
import { without } from '../../scripts/toolchain.js';

/** Where the messages of a proto are. */
const fileOf: Readonly<Record<Language, (proto: string) => Promise<string> | string>> = {
  python: (proto) => proto.replace(/\.proto$/, '_pb2.py'),
  go: async (proto) => {
    const name = await packageOf(proto);
    const folder = name === 'internal' ? 'hub' : name.replaceAll('.', '/');
    return `${folder}/${path.basename(proto, '.proto')}.pb.go`;
  },
  rust: async (proto) => `src/${await packageOf(proto)}.rs`,
  typescript: (proto) => proto.replace(/\.proto$/, '.ts'),
};

test('all protos are public but those of the bus', async () => {
  const all = (await readdir(protoDir, { recursive: true })).filter((file) => file.endsWith('.proto'));
  const left = all.filter((file) => !file.startsWith(path.join('postern', 'bus')));
  assert.deepEqual(await publicProtos(), left.sort());
  assert.ok(left.length > 10 && left.length < all.length);
});

for (const language of languages) {
  const skip = await without(() => needToolchain(language));
  test(`every public proto has stubs for ${language}, and they compile`, {
    skip,
    timeout: 240_000,
  }, async () => {
    await compileStubs(language);
    for (const proto of await publicProtos()) {
      const file = await fileOf[language](proto);
      const made = await readFile(path.join(stubsDir(language), file), 'utf8').catch(() => '');
      assert.notEqual(made, '', `${proto}: ${file}`);
    }
  });
}
