import { z } from 'zod';
import type { Path } from './mistake.js';
import { scenarioSchema } from './schema.js';

/** A JSON schema, as far as it is read here. */
export interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** JSON schema (draft 2020-12) of a scenario's file in our form. What depends on several values is not in it. */
export function scenarioJsonSchema(): JsonSchema & Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-2020-12' });
  return { $schema, $id: 'urn:postern:scenario:1', ...asSchema(rest) };
}

/** The same as text: `schemas/scenario.schema.json`. */
export function scenarioSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}

function asSchema(schema: unknown): JsonSchema {
  return typeof schema === 'object' && schema !== null ? schema : {};
}

/** What the schema says of a place: its keys, if it is a map of settings, and its description. */
export function schemaAt(path: Path): { readonly keys: readonly string[]; readonly description?: string } {
  whole ??= scenarioJsonSchema();
  let here: readonly JsonSchema[] = variants(whole);
  let description: string | undefined;
  for (const part of path) {
    const inner = here.flatMap((one) => child(one, part));
    description = inner.map((one) => one.description).find((text) => text !== undefined);
    here = inner.flatMap(variants);
  }
  const keys = [...new Set(here.flatMap(({ properties }) => Object.keys(properties ?? {})))];
  return { keys, ...(description === undefined ? {} : { description }) };
}

let whole: JsonSchema | undefined;

function variants(schema: JsonSchema): JsonSchema[] {
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(variants)];
}

function child(schema: JsonSchema, part: PropertyKey): JsonSchema[] {
  if (typeof part === 'number') return schema.items === undefined ? [] : [schema.items];
  const { properties, additionalProperties } = schema;
  const name = String(part);
  if (properties !== undefined && Object.hasOwn(properties, name)) {
    const found = properties[name];
    return found === undefined ? [] : [found];
  }
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}
