/** TypeScript: modules by ts-proto with clients for grpc-js, and by protoc-gen-es for web pages. */
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { ofTheBus } from './protos.js';
import { runTool } from './run-tool.js';

const tools = path.join(checkoutRoot, 'node_modules/.bin');

/** What ts-proto makes: messages as interfaces, a client class of grpc-js for each service. */
const forNode = [
  'env=node',
  'esModuleInterop=true',
  'importSuffix=.js',
  'outputServices=grpc-js',
  'forceLong=number',
];
/** What protoc-gen-es makes: messages and services, for Connect in a browser. */
const forPages = ['target=ts', 'import_extension=js'];

/** Runs buf over all protos but those of some folders. */
export async function buf(args: readonly string[], without: readonly string[]): Promise<void> {
  const excluded = without.flatMap((folder) => ['--exclude-path', path.join('proto', folder)]);
  await runTool(path.join(tools, 'buf'), [...args, ...excluded]);
}

/** Writes `PACKAGE/FILE.ts`, and `web/PACKAGE/FILE_pb.ts`. */
export async function typescriptStubs(_protos: readonly string[], into: string): Promise<void> {
  const plugins = [
    { local: path.join(tools, 'protoc-gen-ts_proto'), out: '.', opt: forNode, strategy: 'all' },
    { local: path.join(tools, 'protoc-gen-es'), out: 'web', opt: forPages, strategy: 'all' },
  ];
  await buf(['generate', '--template', JSON.stringify({ version: 'v2', plugins }), '-o', into], ofTheBus);
}
