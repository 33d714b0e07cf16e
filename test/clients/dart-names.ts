import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** Members that every Dart object has. */
const ofObjects = new Set(['hashCode', 'noSuchMethod', 'runtimeType', 'toString']);

/**
 * What of protos Dart could not take: files whose names are one where case does not count or that are no names of Dart
 * libraries, types of one library with the same name, methods that every object has. protoc-gen-dart writes a nested type
 * `A.B` as `A_B`, and for a service `S` the classes `SClient` and `SServiceBase` beside the messages.
 */
export function dartFaults(protos: readonly FileDescriptorProto[]): string[] {
  const faults: string[] = [];
  const files = new Set<string>();
  for (const proto of protos) {
    const file = proto.name.toLowerCase();
    if (files.has(file)) faults.push(`${proto.name}: another file has this name`);
    files.add(file);
    if (!/^[a-z][a-z0-9_/]*\.proto$/.test(proto.name)) faults.push(`${proto.name}: no name of a library`);
    const names = new Set<string>();
    for (const name of typesOf(proto)) {
      if (names.has(name)) faults.push(`${proto.name}: two types are ${name}`);
      names.add(name);
    }
    for (const { name, method } of proto.service) {
      for (const { name: called } of method) {
        const member = `${called.charAt(0).toLowerCase()}${called.slice(1)}`;
        if (ofObjects.has(member)) faults.push(`${proto.name}: ${name} has a method ${member}`);
      }
    }
  }
  return faults;
}

/** The classes that a library has. */
function typesOf(proto: FileDescriptorProto): string[] {
  return [
    ...proto.messageType.flatMap((message) => nested(message, '')),
    ...proto.enumType.map(({ name }) => name),
    ...proto.service.flatMap(({ name }) => [`${name}Client`, `${name}ServiceBase`]),
  ];
}

function nested(message: DescriptorProto, before: string): string[] {
  const name = `${before}${message.name}`;
  return [
    name,
    ...message.enumType.map((inner) => `${name}_${inner.name}`),
    ...message.nestedType
      .filter((inner) => inner.options?.mapEntry !== true)
      .flatMap((inner) => nested(inner, `${name}_`)),
  ];
}
