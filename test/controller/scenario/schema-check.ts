/** A schema by its keywords. */
type Schema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing about what is valid. */
const silent = new Set(['$schema', '$id', 'title', 'description', 'default', 'examples']);

/**
 * What is wrong with a value by a JSON schema, checked keyword by keyword as draft 2020-12 describes them, apart from
 * the library that made the schema. Throws for a keyword that it does not know, so that none is passed over.
 */
export function schemaErrors(schema: unknown, value: unknown, where = '$'): string[] {
  if (schema === true) return [];
  if (schema === false) return [`${where}: nothing is allowed`];
  if (!isObject(schema)) throw new Error(`${where}: no schema`);
  return Object.keys(schema).flatMap((keyword) => {
    if (silent.has(keyword)) return [];
    return check(keyword, schema, value, where);
  });
}

function check(keyword: string, schema: Schema, value: unknown, where: string): string[] {
  const wanted = schema[keyword];
  const wrong = (holds: boolean): string[] => (holds ? [] : [`${where}: ${keyword}`]);
  const limit = Number(wanted);
  switch (keyword) {
    case 'type':
      return wrong([wanted].flat().some((type) => isOfType(value, String(type))));
    case 'const':
      return wrong(value === wanted);
    case 'enum':
      return wrong(list(wanted).includes(value));
    case 'pattern':
      return wrong(typeof value !== 'string' || new RegExp(String(wanted), 'u').test(value));
    case 'minLength':
      return wrong(typeof value !== 'string' || [...value].length >= limit);
    case 'maxLength':
      return wrong(typeof value !== 'string' || [...value].length <= limit);
    case 'minimum':
      return wrong(typeof value !== 'number' || value >= limit);
    case 'maximum':
      return wrong(typeof value !== 'number' || value <= limit);
    case 'minItems':
      return wrong(!Array.isArray(value) || value.length >= limit);
    case 'maxItems':
      return wrong(!Array.isArray(value) || value.length <= limit);
    case 'anyOf':
      return wrong(list(wanted).some((one) => schemaErrors(one, value, where).length === 0));
    case 'oneOf':
      return wrong(list(wanted).filter((one) => schemaErrors(one, value, where).length === 0).length === 1);
    case 'items':
      return Array.isArray(value)
        ? value.flatMap((item, i) => schemaErrors(wanted, item, `${where}[${i}]`))
        : [];
    case 'required':
      return wrong(!isObject(value) || list(wanted).every((key) => Object.hasOwn(value, String(key))));
    default:
      return checkKeys(keyword, schema, value, where);
  }
}

function checkKeys(keyword: string, schema: Schema, value: unknown, where: string): string[] {
  const wanted = schema[keyword];
  if (!['properties', 'additionalProperties', 'propertyNames'].includes(keyword)) {
    throw new Error(`${where}: the keyword ${keyword} is not known here`);
  }
  if (!isObject(value)) return [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = Object.hasOwn(properties, key);
    if (keyword === 'propertyNames') return schemaErrors(wanted, key, `${where}.${key}`);
    if (keyword === 'properties') return known ? schemaErrors(properties[key], inner, `${where}.${key}`) : [];
    return known ? [] : schemaErrors(wanted, inner, `${where}.${key}`);
  });
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
