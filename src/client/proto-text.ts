import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  type DescService,
  ScalarType,
} from '@bufbuild/protobuf';

/** Anything that `describe` can show. */
export type Described = DescService | DescMethod | DescMessage | DescEnum | DescExtension;

/** A descriptor as it would be written in a `.proto` file, type names in full. */
export function protoText(desc: Described): string {
  switch (desc.kind) {
    case 'service':
      return block(`service ${desc.name}`, desc.methods.map(rpc));
    case 'rpc':
      return `${rpc(desc)}\n`;
    case 'message':
      return message(desc);
    case 'enum':
      return enumText(desc);
    case 'extension':
      return block(`extend ${desc.extendee.typeName}`, [fieldText(desc)]);
  }
}

/** One line for the head of a description: what kind of thing it is. */
export function kindOf(desc: Described): string {
  if (desc.kind === 'rpc') return `${desc.parent.typeName}.${desc.name} is a method:`;
  return `${desc.typeName} is ${desc.kind === 'enum' || desc.kind === 'extension' ? 'an' : 'a'} ${desc.kind}:`;
}

/** The types that a method takes and gives. */
export function typesOf(method: DescMethod): DescMessage[] {
  return method.input === method.output ? [method.input] : [method.input, method.output];
}

function rpc(method: DescMethod): string {
  const { clientStreaming, serverStreaming } = method.proto;
  const input = `${clientStreaming ? 'stream ' : ''}.${method.input.typeName}`;
  const output = `${serverStreaming ? 'stream ' : ''}.${method.output.typeName}`;
  return `rpc ${method.name} ( ${input} ) returns ( ${output} );`;
}

function message(desc: DescMessage): string {
  const nested = desc.nestedMessages.filter((inner) => inner.proto.options?.mapEntry !== true);
  return block(`message ${desc.name}`, [
    ...desc.nestedEnums.map(enumText),
    ...nested.map(message),
    ...desc.members.map(member),
  ]);
}

function member(desc: DescField | DescOneof): string {
  if (desc.kind === 'field') return fieldText(desc);
  return block(`oneof ${desc.name}`, desc.fields.map(fieldText));
}

function fieldText(field: DescField | DescExtension): string {
  const json = field.kind === 'field' && field.jsonName !== plainJsonName(field.name);
  const notes = [json ? `json_name = "${field.jsonName}"` : '', field.deprecated ? 'deprecated = true' : ''];
  const options = notes.filter((note) => note !== '').join(', ');
  return `${label(field)}${typeOf(field)} ${field.name} = ${field.number}${options && ` [${options}]`};`;
}

function label(field: DescField | DescExtension): string {
  if (field.fieldKind === 'list') return 'repeated ';
  if (field.proto.proto3Optional) return 'optional ';
  if (field.proto.label === 2) return 'required ';
  return '';
}

function typeOf(field: DescField | DescExtension): string {
  const inner = field.message ?? field.enum;
  const plain = inner === undefined ? scalarName(field.scalar) : `.${inner.typeName}`;
  return field.fieldKind === 'map' ? `map<${scalarName(field.mapKey)}, ${plain}>` : plain;
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? 'bytes' : (ScalarType[scalar]?.toLowerCase() ?? 'bytes');
}

function enumText(desc: DescEnum): string {
  const alias = desc.proto.options?.allowAlias === true ? ['option allow_alias = true;'] : [];
  return block(`enum ${desc.name}`, [
    ...alias,
    ...desc.values.map((value) => `${value.name} = ${value.number};`),
  ]);
}

function block(head: string, parts: readonly string[]): string {
  if (parts.length === 0) return `${head} {}\n`;
  const lines = parts.flatMap((part) => part.trimEnd().split('\n')).map((line) => `  ${line}`);
  return `${head} {\n${lines.join('\n')}\n}\n`;
}

function plainJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}
