import { readFile } from 'node:fs/promises';
import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { PosternError } from '../errors.js';
import { DescriptorPool } from './descriptor-pool.js';
import { nearest } from './nearest.js';
import { loadProtoFiles } from './proto-files.js';

/** Where types come from. */
export interface DescriptorSource {
  /** Full names of the services, sorted. */
  services(): Promise<readonly string[]>;
  /** A registry that holds the symbol (a service, message, enum or method), or undefined when nobody knows it. */
  find(symbol: string): Promise<FileRegistry | undefined>;
  close(): void;
}

/** Types from `.proto` files. Throws `PROTO_INVALID` (exit status 2). */
export async function protoFileSource(
  files: readonly string[],
  importPaths: readonly string[],
): Promise<DescriptorSource> {
  const pool = new DescriptorPool();
  for (const bytes of await loadProtoFiles(files, importPaths)) pool.addFile(bytes);
  return fixedSource(pool.registry());
}

/** Types from files with a serialised `google.protobuf.FileDescriptorSet`. Throws `PROTOSET_UNREADABLE`. */
export async function protosetSource(files: readonly (string | URL)[]): Promise<DescriptorSource> {
  const pool = new DescriptorPool();
  for (const file of files) {
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (thrown) {
      throw new PosternError('PROTOSET_UNREADABLE', `cannot read --protoset ${file}`, {
        exitCode: 2,
        cause: thrown,
        hint: 'make it with `buf build -o FILE` or `protoc --include_imports --descriptor_set_out=FILE`',
      });
    }
    try {
      pool.addSet(bytes);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      const { code, message, hint } = thrown;
      throw new PosternError(code, `--protoset ${file}: ${message}`, { hint, exitCode: 2, cause: thrown });
    }
  }
  return fixedSource(pool.registry());
}

function fixedSource(registry: FileRegistry): DescriptorSource {
  const services = [...registry].filter((desc) => desc.kind === 'service').map((desc) => desc.typeName);
  return {
    services: async () => services.toSorted(),
    find: async (symbol) => (findIn(registry, symbol) === undefined ? undefined : registry),
    close: () => {},
  };
}

/** The descriptor of a symbol: a type, a service, or `package.Service.Method` (or `/Method`). */
export function findIn(registry: FileRegistry, symbol: string) {
  const direct = registry.get(symbol);
  if (direct !== undefined) return direct;
  const at = Math.max(symbol.lastIndexOf('.'), symbol.lastIndexOf('/'));
  if (at < 0) return undefined;
  return registry
    .getService(symbol.slice(0, at))
    ?.methods.find((method) => method.name === symbol.slice(at + 1));
}

/**
 * The method `package.Service/Method` (or with a dot).
 * Throws `METHOD_INVALID` (exit status 2) for a name of another form, `SERVICE_UNKNOWN`, `METHOD_UNKNOWN` with what there is.
 */
export async function findMethod(
  source: DescriptorSource,
  name: string,
): Promise<{ method: DescMethod; registry: FileRegistry }> {
  const bare = name.replace(/^\//, '');
  const at = bare.includes('/') ? bare.lastIndexOf('/') : bare.lastIndexOf('.');
  const service = bare.slice(0, Math.max(at, 0));
  const wanted = bare.slice(at + 1);
  if (service === '' || wanted === '' || service.includes('/')) {
    throw new PosternError('METHOD_INVALID', `'${name}' is not the name of a method`, {
      hint: 'write package.Service/Method, e.g. grpc.health.v1.Health/Check',
      exitCode: 2,
    });
  }
  const registry = await source.find(service);
  const desc = registry?.getService(service);
  if (registry === undefined || desc === undefined) {
    throw await unknownService(source, service);
  }
  const method = desc.methods.find((one) => one.name === wanted);
  if (method === undefined) {
    const names = desc.methods.map((one) => one.name);
    throw new PosternError('METHOD_UNKNOWN', `${service} has no method '${wanted}'`, {
      hint: `it has ${nearest(wanted, names).join(', ')}`,
    });
  }
  return { method, registry };
}

/** Why a source has no description of a service, and which services it has. */
export async function unknownService(source: DescriptorSource, service: string): Promise<PosternError> {
  const names = await source.services();
  if (names.includes(service)) {
    return new PosternError('SERVICE_UNKNOWN', `the server lists '${service}', but does not describe it`, {
      hint: 'give its types: --proto FILE or --protoset FILE',
    });
  }
  const offered = names.length === 0 ? 'none at all' : nearest(service, names).join(', ');
  return new PosternError('SERVICE_UNKNOWN', `there is no service '${service}'`, {
    hint: `there is ${offered}`,
  });
}
