import { create, createFileRegistry, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { errorText, PosternError } from '../errors.js';
import {
  completeNames,
  declaredTypes,
  longestName,
  type UnresolvedName,
  unfitName,
} from './descriptor-names.js';

/** The files that come with every protobuf; a server's own copy of them is not needed. */
const wellKnownFiles = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
].map((file) => file.proto);

const wellKnownTypes = new Set(wellKnownFiles.flatMap(declaredTypes));

/** Most files and bytes of descriptors that one server is believed. */
const limits = { files: 4096, bytes: 64 << 20 };

/**
 * Descriptors as they come in, from wherever, and the registry that they make. It takes what protoc writes and also
 * what lacks names of imports or has relative type names, as descriptors made at run time often have.
 */
export class DescriptorPool {
  readonly #files = new Map<string, FileDescriptorProto>();
  #bytes = 0;
  #registry: FileRegistry | undefined;

  constructor() {
    for (const file of wellKnownFiles) this.#files.set(file.name, file);
  }

  has(fileName: string): boolean {
    return this.#files.has(fileName);
  }

  /** Adds one serialised FileDescriptorProto; a file whose name is known already is left as it was. */
  addFile(bytes: Uint8Array): FileDescriptorProto {
    this.#bytes += bytes.length;
    if (this.#files.size >= limits.files || this.#bytes > limits.bytes) {
      throw unusable(`there are more than ${limits.files} files or ${limits.bytes >> 20} MiB of them`);
    }
    let file: FileDescriptorProto;
    try {
      file = fromBinary(FileDescriptorProtoSchema, bytes);
    } catch (thrown) {
      throw unusable(errorText(thrown));
    }
    if (this.#files.has(file.name)) return file;
    // A cut-down copy under another name would clash with the real one.
    const types = declaredTypes(file);
    const scopes = [file.package, ...types, ...file.service.map(({ name }) => name)];
    if (scopes.some((name) => name.length > longestName)) {
      throw unusable(`${file.name} has a name of more than ${longestName} characters`);
    }
    const unfit = unfitName(file);
    if (unfit !== undefined) throw unusable(`${JSON.stringify(unfit.slice(0, 64))} is no name of protobuf`);
    if (types.length > 0 && types.every((name) => wellKnownTypes.has(name))) return file;
    this.#files.set(file.name, file);
    this.#registry = undefined;
    return file;
  }

  /** Adds a serialised FileDescriptorSet. */
  addSet(bytes: Uint8Array): FileDescriptorProto[] {
    let files: FileDescriptorProto[];
    try {
      files = fromBinary(FileDescriptorSetSchema, bytes).file;
    } catch (thrown) {
      throw unusable(errorText(thrown));
    }
    return files.map((file) => this.addFile(toBinary(FileDescriptorProtoSchema, file)));
  }

  /** Names of types that files use and none declares. */
  missing(): UnresolvedName[] {
    return this.#complete().missing;
  }

  /** Everything that was added. Throws `DESCRIPTORS_UNUSABLE`, naming what does not fit. */
  registry(): FileRegistry {
    if (this.#registry !== undefined) return this.#registry;
    const { ordered, missing } = this.#complete();
    const [first] = missing;
    if (first !== undefined) {
      throw unusable(`${first.file} uses ${first.name} in ${first.scope}, which no file declares`);
    }
    try {
      this.#registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
    } catch (thrown) {
      throw unusable(errorText(thrown));
    }
    return this.#registry;
  }

  /** Completes every file, and puts each behind the files whose types it uses. */
  #complete(): { ordered: FileDescriptorProto[]; missing: UnresolvedName[] } {
    const home = new Map<string, FileDescriptorProto>();
    for (const file of this.#files.values()) {
      for (const name of declaredTypes(file)) home.set(name, file);
    }
    const known = new Set(home.keys());
    const missing: UnresolvedName[] = [];
    const imports = new Map<FileDescriptorProto, FileDescriptorProto[]>();
    for (const file of this.#files.values()) {
      const { used, unresolved } = completeNames(file, known);
      missing.push(...unresolved);
      const needed = new Set<FileDescriptorProto>();
      for (const name of used) {
        const other = home.get(name);
        if (other !== undefined && other !== file) needed.add(other);
      }
      imports.set(file, [...needed]);
      if (!wellKnownFiles.includes(file)) {
        file.dependency = [...needed].map((other) => other.name);
        file.publicDependency = [];
        file.weakDependency = [];
      }
    }
    return { ordered: inOrder(imports), missing };
  }
}

function inOrder(imports: ReadonlyMap<FileDescriptorProto, FileDescriptorProto[]>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const open = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto): void => {
    if (ordered.has(file)) return;
    if (open.has(file)) {
      const circle = [...open].slice(0, 8).map((one) => one.name);
      throw unusable(`${circle.join(', ')} use each other's types in a circle`);
    }
    open.add(file);
    for (const other of imports.get(file) ?? []) visit(other);
    open.delete(file);
    ordered.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return [...ordered];
}

function unusable(why: string): PosternError {
  return new PosternError('DESCRIPTORS_UNUSABLE', `the types cannot be used: ${why}`, {
    hint: 'make a complete set with `buf build -o types.binpb` or `protoc --include_imports` and give it as --protoset',
  });
}
