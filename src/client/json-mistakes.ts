import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Registry,
} from '@bufbuild/protobuf';
import { errorText } from '../errors.js';
import type { FieldPath } from './codecs/message-text.js';
import { nearest } from './nearest.js';

/** Something that does not fit. */
export interface JsonMistake {
  readonly path: FieldPath;
  /** `expected number (int32), got "x"`. */
  readonly why: string;
}

/** Why a JSON value is no message of this type; empty when it is one. */
export function jsonMistakes(desc: DescMessage, json: JsonValue, registry: Registry): JsonMistake[] {
  const found: JsonMistake[] = [];
  const walk = (message: DescMessage, value: JsonValue, path: FieldPath): void => {
    if (!isObject(value) || message.typeName.startsWith('google.protobuf.')) {
      const why = refusal(message, value, registry);
      const plain = message.typeName.startsWith('google.protobuf.')
        ? why
        : `expected {…}, got ${kindOf(value)}`;
      if (why !== undefined) found.push({ path, why: plain ?? why });
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, key];
      const field = message.fields.find((one) => one.jsonName === key || one.name === key);
      if (field === undefined) found.push({ path: at, why: unknownField(message, key) });
      else walkField(message, field, key, inner, at);
    }
  };
  const walkField = (
    message: DescMessage,
    field: DescField,
    key: string,
    value: JsonValue,
    at: FieldPath,
  ): void => {
    const inner = field.message;
    if (inner !== undefined && field.fieldKind === 'message' && value !== null) {
      walk(inner, value, at);
      return;
    }
    if (inner !== undefined && field.fieldKind === 'list' && Array.isArray(value)) {
      for (const [i, item] of value.entries()) walk(inner, item, [...at, i]);
      return;
    }
    if (inner !== undefined && field.fieldKind === 'map' && isObject(value)) {
      for (const [name, item] of Object.entries(value)) walk(inner, item, [...at, name]);
      return;
    }
    const why = refusal(message, { [key]: value }, registry);
    if (why !== undefined) found.push({ path: at, why: enumRefusal(field, value) ?? why });
  };

  walk(desc, json, []);
  // What only shows in the whole, e.g. two fields of one oneof.
  if (found.length === 0) {
    const why = refusal(desc, json, registry);
    if (why !== undefined) found.push({ path: [], why });
  }
  return found;
}

function refusal(desc: DescMessage, json: JsonValue, registry: Registry): string | undefined {
  try {
    fromJson(desc, json, { registry });
    return undefined;
  } catch (thrown) {
    return errorText(thrown).replace(/^cannot decode (field|message|oneof) \S+ from JSON: /, '');
  }
}

/** The names that an enum would have taken. */
function enumRefusal(field: DescField, value: JsonValue): string | undefined {
  if (field.enum === undefined || typeof value !== 'string') return undefined;
  const names = field.enum.values.map((one) => one.name);
  return `'${value}' is no ${field.enum.typeName}; it is one of ${nearest(value, names).join(', ')}`;
}

function unknownField(message: DescMessage, key: string): string {
  const names = message.fields.map((field) => field.jsonName);
  if (names.length === 0) return `unknown field; ${message.typeName} has no fields`;
  return `unknown field of ${message.typeName}; it has ${nearest(key, names).join(', ')}`;
}

function kindOf(value: JsonValue): string {
  return Array.isArray(value) ? 'a list' : JSON.stringify(value);
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
