import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { isDynamic } from './big-integers.js';

const textForms = new Set(['Timestamp', 'Duration', 'FieldMask'].map((name) => `google.protobuf.${name}`));

/** True for the messages whose proto3 JSON is a text. */
export function hasTextForm({ typeName }: DescMessage): boolean {
  return textForms.has(typeName);
}

/** The field of a message that only wraps a scalar: `google.protobuf.StringValue` and its like. */
export function wrappedField(desc: DescMessage): DescField | undefined {
  const wraps = /^google\.protobuf\.(?:String|Bytes|Bool|Double|Float|U?Int(?:32|64))Value$/;
  return wraps.test(desc.typeName) ? desc.fields[0] : undefined;
}

/** True for the messages whose JSON is not made of their fields; in an Any it stands as `value`. */
export function hasOwnForm(desc: DescMessage): boolean {
  return (
    wrappedField(desc) !== undefined ||
    isDynamic(desc.typeName) ||
    hasTextForm(desc) ||
    desc.typeName === 'google.protobuf.Any'
  );
}
