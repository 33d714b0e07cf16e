import { type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf';

/** How deep nested messages are written out; a type that holds itself ends there too. */
const deepest = 6;

/**
 * A sample of a message as JSON: every field is there with a value that can be replaced. Of a oneof only the first
 * member is shown, since only one may be set.
 */
export function sampleOf(desc: DescMessage, above: readonly string[] = []): JsonValue {
  const known = wellKnown(desc.typeName);
  if (known !== undefined) return known;
  const sample: { [key: string]: JsonValue } = {};
  if (above.includes(desc.typeName) || above.length >= deepest) return sample;
  for (const member of desc.members) {
    const field = member.kind === 'oneof' ? member.fields[0] : member;
    if (field !== undefined) sample[field.jsonName] = sampleOfField(field, [...above, desc.typeName]);
  }
  return sample;
}

function sampleOfField(field: DescField, above: readonly string[]): JsonValue {
  if (field.fieldKind === 'map') return { [mapKey(field.mapKey)]: single(field, above) };
  return field.fieldKind === 'list' ? [single(field, above)] : single(field, above);
}

function single(field: DescField, above: readonly string[]): JsonValue {
  if (field.message !== undefined) return sampleOf(field.message, above);
  if (field.enum !== undefined) return field.enum.values[0]?.name ?? 0;
  return field.scalar === undefined ? null : scalar(field.scalar);
}

function scalar(type: ScalarType): JsonValue {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return '0';
    default:
      return 0;
  }
}

function mapKey(type: ScalarType): string {
  if (type === ScalarType.BOOL) return 'false';
  return type === ScalarType.STRING ? 'key' : '0';
}

/** The types that have a JSON form of their own. */
function wellKnown(typeName: string): JsonValue | undefined {
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return '2024-01-31T12:00:00Z';
    case 'google.protobuf.Duration':
      return '1.5s';
    case 'google.protobuf.FieldMask':
      return 'someField';
    case 'google.protobuf.Any':
      return { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: '' };
    case 'google.protobuf.Struct':
      return { key: 'value' };
    case 'google.protobuf.Value':
      return null;
    case 'google.protobuf.ListValue':
      return [];
    case 'google.protobuf.StringValue':
    case 'google.protobuf.BytesValue':
      return '';
    case 'google.protobuf.BoolValue':
      return false;
    case 'google.protobuf.Int64Value':
    case 'google.protobuf.UInt64Value':
      return '0';
    case 'google.protobuf.Int32Value':
    case 'google.protobuf.UInt32Value':
    case 'google.protobuf.DoubleValue':
    case 'google.protobuf.FloatValue':
      return 0;
    default:
      return undefined;
  }
}
