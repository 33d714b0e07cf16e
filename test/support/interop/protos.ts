import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';

/** Name of the package file of the checkout, in which `test/proto` lies. */
function checkout(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && /"name":\s*"postern"/.test(readFileSync(manifest, 'utf8'))) return folder;
    if (folder === dirname(folder)) throw new Error('no checkout around this file');
  }
}

/** Folder in which imports of the interop protos are resolved. */
export const interopProtoRoot = join(checkout(), 'test', 'proto');

/** The interop protos and the health protocol, loaded at run time. */
export const interopPackage: PackageDefinition = loadSync(
  [join(interopProtoRoot, 'grpc', 'testing', 'test.proto'), healthProto],
  { includeDirs: [interopProtoRoot], keepCase: false, longs: String, enums: String, defaults: true },
);

/** A service of `interopPackage`. */
export function interopService(name: string): ServiceDefinition {
  const definition = interopPackage[name];
  if (definition === undefined || isType(definition)) throw new Error(`${name} is no service`);
  return definition;
}

function isType(
  definition: PackageDefinition[string],
): definition is Exclude<typeof definition, ServiceDefinition> {
  return 'format' in definition && typeof definition.format === 'string';
}
