import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

const repeated = FieldDescriptorProto_Label.REPEATED;

/** Longest full name that is believed, in characters; a name is looked for in every scope around it. */
export const longestName = 1024;

/** A type name as a file uses it, and where. */
export interface UnresolvedName {
  readonly file: string;
  readonly scope: string;
  readonly name: string;
}

/** The first name in a file that is none in protobuf's language: it could steer a terminal, or a shell. */
export function unfitName(file: FileDescriptorProto): string | undefined {
  const members = (messages: readonly DescriptorProto[]): string[] =>
    messages.flatMap((one) => [
      ...[...one.field, ...one.extension, ...one.oneofDecl].map(({ name }) => name),
      ...one.enumType.flatMap(({ value }) => value.map(({ name }) => name)),
      ...members(one.nestedType),
    ]);
  const names = [
    ...(file.package === '' ? [] : [file.package]),
    ...declaredTypes(file),
    ...members(file.messageType),
    ...file.enumType.flatMap(({ value }) => value.map(({ name }) => name)),
    ...file.extension.map(({ name }) => name),
    ...file.service.flatMap(({ name, method }) => [name, ...method.map((one) => one.name)]),
  ];
  return names.find((name) => !/^[A-Za-z_][\w.]*$/.test(name));
}

/** The messages and enums that a file declares, with full names. */
export function declaredTypes(file: FileDescriptorProto): string[] {
  const names: string[] = [];
  const walk = (scope: string, message: DescriptorProto): void => {
    const full = join(scope, message.name);
    names.push(full);
    for (const inner of message.enumType) names.push(join(full, inner.name));
    for (const inner of message.nestedType) walk(full, inner);
  };
  for (const message of file.messageType) walk(file.package, message);
  for (const inner of file.enumType) names.push(join(file.package, inner.name));
  return names;
}

/**
 * Completes what some servers and tools leave out of their descriptors, as protoc would have written it: full type
 * names (`.pkg.Name`), JSON names and the marks of `optional` and of maps. Changes `file`. Returns the full names that it
 * uses and the ones that `known` does not know.
 */
export function completeNames(
  file: FileDescriptorProto,
  known: ReadonlySet<string>,
): { used: Set<string>; unresolved: UnresolvedName[] } {
  const used = new Set<string>();
  const unresolved: UnresolvedName[] = [];

  const resolve = (scope: string, name: string): string => {
    const full = name.startsWith('.') ? name.slice(1) : lookUp(scope, name, known);
    if (full !== undefined && known.has(full)) {
      used.add(full);
      return `.${full}`;
    }
    unresolved.push({ file: file.name, scope, name: name.replace(/^\./, '') });
    return name;
  };
  const field = (scope: string, proto: FieldDescriptorProto): void => {
    if (proto.typeName !== '') proto.typeName = resolve(scope, proto.typeName);
    if (proto.extendee !== '') proto.extendee = resolve(scope, proto.extendee);
    if (proto.jsonName === '') proto.jsonName = jsonName(proto.name);
  };
  const message = (scope: string, proto: DescriptorProto): void => {
    const full = join(scope, proto.name);
    unmarkMapEntry(proto);
    for (const inner of proto.field) field(full, inner);
    if (file.syntax === 'proto3') markOptionals(proto);
    for (const inner of proto.extension) field(full, inner);
    for (const inner of proto.nestedType) message(full, inner);
  };

  for (const inner of file.messageType) message(file.package, inner);
  for (const inner of file.extension) field(file.package, inner);
  for (const service of file.service) {
    for (const method of service.method) {
      method.inputType = resolve(join(file.package, service.name), method.inputType);
      method.outputType = resolve(join(file.package, service.name), method.outputType);
    }
  }
  return { used, unresolved };
}

/** Every full name that a relative name may stand for, the innermost scope first. */
export function candidates(scope: string, name: string): string[] {
  const parts = scope === '' ? [] : scope.split('.');
  const found: string[] = [];
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    found.push(join(parts.slice(0, depth).join('.'), name));
  }
  return found;
}

function lookUp(scope: string, name: string, known: ReadonlySet<string>): string | undefined {
  if (name.length > longestName) return undefined;
  return candidates(scope, name).find((full) => known.has(full));
}

/** In proto3, `optional x` is a oneof `_x` of its own, marked as such. */
function markOptionals(message: DescriptorProto): void {
  const members = new Map<number, number>();
  const ofOneof = message.field.filter((field) => Object.hasOwn(field, 'oneofIndex'));
  for (const { oneofIndex } of ofOneof) members.set(oneofIndex, (members.get(oneofIndex) ?? 0) + 1);
  for (const field of ofOneof) {
    const alone = members.get(field.oneofIndex) === 1;
    if (alone && message.oneofDecl[field.oneofIndex]?.name === `_${field.name}`) field.proto3Optional = true;
  }
}

/** protobuf.js marks a message that holds a map as if it were the entry of one. */
function unmarkMapEntry({ options, field, nestedType }: DescriptorProto): void {
  if (options?.mapEntry !== true) return;
  const isEntry = field.length === 2 && field.every(({ number, label }) => number <= 2 && label !== repeated);
  if (!isEntry || nestedType.length > 0) options.mapEntry = false;
}

/** lowerCamelCase as protoc makes it. */
function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
