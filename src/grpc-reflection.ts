import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Server, ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';

/**
 * Lets a server describe what a serialised FileDescriptorSet holds, and list `services` as its own. The files are told as the compiler wrote them:
 * proto-loader's own copies merge the files of a package and mark a message that holds a map as a map's entry.
 */
export function addReflection(
  server: Server,
  descriptors: Buffer,
  services: readonly ServiceDefinition[],
): void {
  const fileDescriptorProtos = filesOf(descriptors);
  // Of the entries of a package only their files count, and each entry's are read again: one holds them all.
  const all = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ all }, { services: services.map(nameOf) }).addToServer(server);
}

/** The serialised files of a serialised FileDescriptorSet: its field 1, and it has no other. */
function filesOf(descriptors: Buffer): Buffer[] {
  const reader = new BinaryReader(descriptors);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) files.push(Buffer.from(reader.bytes()));
    else reader.skip(type, field);
  }
  return files;
}

/** `/package.Service/Method` of the first method without its slashes and its last part. */
function nameOf(service: ServiceDefinition): string {
  return Object.values(service)[0]?.path.split('/')[1] ?? '';
}
