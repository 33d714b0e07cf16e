import type { z } from 'zod';
import { nearest } from '../client/nearest.js';
import { PosternError } from '../errors.js';
import { envNameOf } from './command-spec.js';
import { configInvalid, readConfigFile } from './config-file.js';
import type { Invocation } from './invocation.js';
import type { Given, Options } from './options.js';

/** Which setting an option stands for. */
export interface Binding {
  readonly option: string;
  /** Path of the setting: `['toTls', 'ca']`. */
  readonly key: readonly string[];
  /** What the text means, where it is not the setting itself. Throws `PosternError`. */
  readonly read?: (value: Given['value']) => unknown;
}

/** Any object's schema that refuses unknown keys. */
type SettingsSchema = z.ZodObject<z.ZodRawShape>;

/**
 * The settings of a command: flags over environment over `--config FILE` over the schema's defaults. Throws
 * `CONFIG_INVALID` (exit status 2) with every mistake, each with where it was made.
 */
export async function readSettings<S extends SettingsSchema>(
  invocation: Invocation,
  schema: S,
  bindings: readonly Binding[],
): Promise<z.infer<S>> {
  const { options } = invocation;
  const file = options.text('config');
  const settings = file === undefined ? {} : await readConfigFile(file, invocation.command.path);
  const origins = new Map<string, string>();
  const mistakes = options.mistakes();
  for (const { option, key, read } of bindings) {
    const given = givenOf(options, option);
    if (given === undefined) continue;
    try {
      setAt(settings, key, read === undefined ? given.value : read(given.value));
      origins.set(key.join('.'), given.from);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      mistakes.push(`${given.from}: ${thrown.message}`);
      origins.set(key.join('.'), '');
    }
  }
  const parsed = schema.safeParse(settings);
  const told = parsed.success ? [] : parsed.error.issues;
  for (const issue of told) {
    const path = issue.path.map(String);
    const origin = originOf(path, origins);
    if (origin === '') continue; // told already
    if (issue.code === 'unrecognized_keys') {
      const known = path.length === 0 ? Object.keys(schema.shape) : [];
      for (const key of issue.keys) mistakes.push(unknownKey(file, [...path, key], known));
      continue;
    }
    if (origin !== undefined) mistakes.push(`${origin}: ${plainly(issue.message)}`);
    else mistakes.push(fileMistake(file, path, issue.message, valueAt(settings, path), bindings));
  }
  if (parsed.success && mistakes.length === 0) return parsed.data;
  throw configInvalid(mistakes, invocation.command.path);
}

/** What was given; undefined also where that is wrong, which was told already. */
function givenOf(options: Options, option: string): Given | undefined {
  try {
    return options.given(option);
  } catch {
    return undefined;
  }
}

/** The flag or variable that a setting or the thing around it came from; '' when its mistake was told already. */
function originOf(path: readonly string[], origins: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const origin = origins.get(path.slice(0, length).join('.'));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

function unknownKey(file: string | undefined, path: readonly string[], known: readonly string[]): string {
  const [like] = nearest(path.at(-1) ?? '', known, 1);
  const guess = like === undefined ? '' : `; is it '${like}'?`;
  return `${file ?? 'the settings'}: ${pathText(path)}: there is no such setting${guess}`;
}

function fileMistake(
  file: string | undefined,
  path: readonly string[],
  message: string,
  value: unknown,
  bindings: readonly Binding[],
): string {
  const binding = bindings.find(({ key }) => key.join('.') === path.join('.'));
  if (value === undefined && binding !== undefined) {
    return `--${binding.option} is missing (or ${envNameOf({ name: binding.option })}, or ${path.join('.')} in --config FILE)`;
  }
  return `${file ?? 'the settings'}: ${pathText(path)}: ${plainly(message)}`;
}

/** The schema's own words, for people. */
function plainly(message: string): string {
  return message
    .replace(/^Invalid \w+: /, '')
    .replace(/, received undefined$/, ', and is missing')
    .replace(/^expected array,/, 'expected a list,')
    .replace(/^expected record,/, 'expected pairs of the form name: value,');
}

/** `routes[0].node`. */
function pathText(path: readonly string[]): string {
  return path.map((key, i) => (/^\d+$/.test(key) ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  let at = settings;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return at;
}

function setAt(settings: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    settings[key] = value;
    return;
  }
  const inner = settings[key];
  const object: Record<string, unknown> = isObject(inner) ? { ...inner } : {};
  setAt(object, rest, value);
  settings[key] = object;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
