import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
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
  const { file } = fromBinary(FileDescriptorSetSchema, descriptors);
  const fileDescriptorProtos = file.map((one) => Buffer.from(toBinary(FileDescriptorProtoSchema, one)));
  // Of the entries of a package only their files count, and each entry's are read again: one holds them all.
  const all = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ all }, { services: services.map(nameOf) }).addToServer(server);
}

/** `/package.Service/Method` of the first method without its slashes and its last part. */
function nameOf(service: ServiceDefinition): string {
  return Object.values(service)[0]?.path.split('/')[1] ?? '';
}
