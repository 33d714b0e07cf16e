import type { DescMessage, JsonValue } from '@bufbuild/protobuf';

/** JSON, with integers that no double holds exactly as they were written. */
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | bigint
  | ExactJson[]
  | { [key: string]: ExactJson };

/** Messages that are any JSON; a number in them is a double, as proto3 says. */
const dynamicTypes = new Set(['Struct', 'Value', 'ListValue'].map((name) => `google.protobuf.${name}`));

/** True for the types that hold JSON of any form. */
export function isDynamic(typeName: string): boolean {
  return dynamicTypes.has(typeName);
}

/**
 * The JSON that proto3 reads without rounding: large integers become strings, which every numeric field takes, and
 * numbers where a message holds any JSON. `desc`: the type of `value`, undefined where it is not known.
 */
export function withoutBigIntegers(value: ExactJson, desc: DescMessage | undefined): JsonValue {
  if (desc !== undefined && isDynamic(desc.typeName)) return replaced(value, Number);
  if (typeof value !== 'object' || value === null) return replaced(value, String);
  if (Array.isArray(value)) return value.map((item) => withoutBigIntegers(item, desc));
  const packed = value['@type'];
  if (typeof packed === 'string') {
    const dynamic = isDynamic(packed.slice(packed.lastIndexOf('/') + 1));
    return replaced(value, dynamic ? Number : String);
  }
  const entries = Object.entries(value).map(([key, inner]): [string, JsonValue] => {
    const field = desc?.fields.find((one) => one.jsonName === key || one.name === key);
    const type = field?.message;
    if (field?.fieldKind !== 'map' || typeof inner !== 'object' || inner === null || Array.isArray(inner)) {
      return [key, withoutBigIntegers(inner, type)];
    }
    const items = Object.entries(inner).map(([name, item]): [string, JsonValue] => [
      name,
      withoutBigIntegers(item, type),
    ]);
    return [key, Object.fromEntries(items)];
  });
  return Object.fromEntries(entries);
}

function replaced(value: ExactJson, by: (big: bigint) => JsonValue): JsonValue {
  if (typeof value === 'bigint') return by(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, by));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, by)]));
}
