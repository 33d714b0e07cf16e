import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import fc from 'fast-check';

/** Texts with what each codec has to take care of. */
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }).filter((one) => !/\p{Cs}/u.test(one)),
  fc.constantFrom(
    '',
    ' a ',
    '\r\n',
    '\u0000',
    '1',
    '-0',
    'null',
    'true',
    'NaN',
    '.nan',
    '~',
    '- a',
    '---\n',
    '&amp;<x/>',
    ']]>',
    '2024-01-31',
    '0x1f',
    '<<',
    'xml',
    'entry',
    'key: value',
    '\ufeff',
    '__proto__',
    '\u2028',
  ),
);

/** What each type with a JSON form of its own may be, as proto3 JSON writes it. */
const ownForms: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  Timestamp: fc
    .date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString().replace('.000Z', 'Z')),
  Duration: fc.integer({ min: -315_576_000_000, max: 315_576_000_000 }).map((seconds) => `${seconds}s`),
  FieldMask: fc.constantFrom('', 'a', 'a,bC.d'),
  Value: fc.jsonValue({ maxDepth: 2 }).map(plainJson),
  Struct: fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }).map(plainJson), { maxKeys: 3 }),
  ListValue: fc.array(fc.jsonValue({ maxDepth: 1 }).map(plainJson), { maxLength: 3 }),
  StringValue: text,
  BytesValue: bytes(),
  BoolValue: fc.boolean(),
  Int64Value: integer(64, true),
  UInt32Value: fc.nat(),
  DoubleValue: double(),
};

/** Any message of the type, as its proto3 JSON. `types` are those that may stand in an Any. */
export function messageJson(
  desc: DescMessage,
  types: readonly DescMessage[],
  depth = 2,
): fc.Arbitrary<JsonValue> {
  if (desc.typeName === 'google.protobuf.Any') {
    const packed = types.map((type) => {
      const own = ownForm(type);
      const inner = own === undefined ? messageJson(type, [], depth - 1) : own.map((value) => ({ value }));
      return inner.map((json) => ({ ...Object(json), '@type': `type.googleapis.com/${type.typeName}` }));
    });
    return packed.length === 0 ? fc.constant({}) : fc.oneof(...packed);
  }
  const own = ownForm(desc);
  if (own !== undefined) return own;
  const fits = (field: DescField): boolean => depth > 0 || field.message === undefined;
  const entries = desc.members.map((member) => {
    if (member.kind === 'oneof') {
      const chosen = member.fields
        .filter(fits)
        .map((field) => fieldJson(field, types, depth).map((json) => ({ [field.jsonName]: json })));
      return sparse(fc.oneof(...chosen));
    }
    if (!fits(member)) return fc.constant({});
    const there = fieldJson(member, types, depth).map((json) => ({ [member.jsonName]: json }));
    return sparse(there);
  });
  return fc.tuple(...entries).map((parts) => Object.assign({}, ...parts));
}

/** Mostly nothing, so that messages stay small. */
function sparse(there: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: there });
}

function ownForm({ typeName }: DescMessage): fc.Arbitrary<JsonValue> | undefined {
  return typeName.startsWith('google.protobuf.') ? ownForms[typeName.slice(16)] : undefined;
}

function fieldJson(field: DescField, types: readonly DescMessage[], depth: number): fc.Arbitrary<JsonValue> {
  const one = single(field, types, depth - 1);
  if (field.fieldKind === 'list') return fc.array(one, { minLength: 1, maxLength: 3 });
  if (field.fieldKind !== 'map') return one;
  const key = field.mapKey === ScalarType.STRING ? text : scalar(field.mapKey).map(String);
  return fc.dictionary(key, one, { minKeys: 1, maxKeys: 3 });
}

function single(field: DescField, types: readonly DescMessage[], depth: number): fc.Arbitrary<JsonValue> {
  if (field.message !== undefined) return messageJson(field.message, types, depth);
  if (field.enum !== undefined) return enumValue(field.enum);
  return scalar(field.scalar);
}

/** A value's name; or a number that has none, which open enums hold too. */
function enumValue(desc: DescEnum): fc.Arbitrary<JsonValue> {
  if (desc.typeName === 'google.protobuf.NullValue') return fc.constant(null);
  return fc.oneof(
    fc.constantFrom(...desc.values.map(({ name }) => name)),
    fc.integer({ min: 1000, max: 2000 }),
  );
}

function scalar(type: ScalarType | undefined): fc.Arbitrary<JsonValue> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return bytes();
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return double();
    case ScalarType.FLOAT:
      return fc.oneof(
        fc.constantFrom('NaN', 'Infinity', '-Infinity'),
        fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
      );
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return integer(64, true);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return integer(64, false);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    default:
      return fc.integer();
  }
}

function integer(bits: number, signed: boolean): fc.Arbitrary<string> {
  const most = 2n ** BigInt(bits - (signed ? 1 : 0));
  return fc.bigInt({ min: signed ? -most : 0n, max: most - 1n }).map(String);
}

function bytes(): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength: 6 }).map((all) => Buffer.from(all).toString('base64'));
}

function double(): fc.Arbitrary<JsonValue> {
  // JSON as JavaScript writes it has no negative zero.
  const number = fc.double({ noDefaultInfinity: true, noNaN: true }).map((one) => (one === 0 ? 0 : one));
  return fc.oneof(number, fc.constantFrom('NaN', 'Infinity', '-Infinity'));
}

function plainJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value));
}
