/** Go: a module of stubs by protoc-gen-go and protoc-gen-go-grpc. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { goInstalled } from '../go-tool.js';
import { ofTheBus, packageOf } from './protos.js';
import { buf } from './typescript.js';

const example = path.join(checkoutRoot, 'clients/examples/go/go.mod');

/** The module of the stubs. The example finds it by a `replace` in its go.mod. */
export const goModule = 'postern.example/stubs';

/** What makes the stubs. */
export const goPlugins: readonly string[] = [
  'google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12',
  'google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2',
];

/**
 * The import path for a package of protos: `postern.v1` is `postern/v1`. `internal` is `hub`, since Go lets nobody outside
 * import a package of that name.
 */
export function goPackage(protoPackage: string): string {
  return `${goModule}/${protoPackage === 'internal' ? 'hub' : protoPackage.replaceAll('.', '/')}`;
}

/** Writes a module with a package for each of the protos. No proto has to say where: `M` options do. */
export async function goStubs(protos: readonly string[], into: string): Promise<void> {
  const opt = [`module=${goModule}`];
  for (const proto of protos) opt.push(`M${proto}=${goPackage(await packageOf(proto))}`);
  const local = [];
  for (const plugin of goPlugins) local.push({ local: await goInstalled(plugin), out: '.', opt });
  const template = JSON.stringify({ version: 'v2', plugins: local });
  await buf(['generate', '--template', template, '-o', into], ofTheBus);
  await writeFile(path.join(into, 'go.mod'), await goMod());
}

/** With the versions of gRPC and of Protocol Buffers that the example names. */
async function goMod(): Promise<string> {
  const lines = (await readFile(example, 'utf8')).split('\n');
  const needed = lines.filter((line) => /^\tgoogle\.golang\.org\/(?:grpc|protobuf) v/.test(line));
  const go = lines.find((line) => line.startsWith('go '));
  return `module ${goModule}\n\n${go}\n\nrequire (\n${needed.map((line) => line.replace(' // indirect', '')).join('\n')}\n)\n`;
}
