import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** Something that no file of the project may say. */
interface TextRule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Files it is for; default: all. */
  readonly files?: RegExp;
}

const code = /\.[cm]?[jt]s$/;

const rules: readonly TextRule[] = [
  {
    name: 'no suppressions',
    pattern:
      /@ts-(?:ignore|expect-error|nocheck)|(?:biome|prettier|eslint)-(?:ignore|disable)|(?:c8|v8|istanbul) ignore|buf:lint:ignore/,
  },
  { name: 'no promises for later', pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/ },
  {
    name: 'no test left out',
    pattern: /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\(|\{[^}]*\b(?:skip|todo|only): true/,
    files: /\.test\.ts$/,
  },
  { name: 'no path of one machine', pattern: /(?:^|[\s"'`(=:])\/(?:root|Users|home\/\w+)\// },
  {
    name: 'no package registry of one network',
    pattern:
      /\b(?:npm|registry|artifactory|nexus|verdaccio)\.(?!npmjs\.org\b)[a-z0-9-]+\.[a-z][a-z0-9.-]+|"resolved":\s*"http/i,
  },
  {
    name: 'no talk of how it was made',
    pattern: /\b[Ii]ssue #?\d/,
  },
  { name: 'no work past types', pattern: /\bas (?:any|unknown as|never)\b/, files: code },
];

/** The names of all rules, each once. */
export const textRuleNames: readonly string[] = [...new Set(rules.map((rule) => rule.name)), 'no long file'];

/** At most so many lines has a file of the program or of its tests. */
const lineLimit = 300;

/** What `text`, the content of `file` (relative to the checkout), may not say: `file:line: rule`. */
export function textViolations(file: string, text: string): string[] {
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) =>
    rules
      .filter((rule) => (rule.files?.test(file) ?? true) && rule.pattern.test(line))
      .map((rule) => `${file}:${index + 1}: ${rule.name}`),
  );
  const limited = /^(?:src|machines|scripts|test)\/.*\.ts$/.test(file) && !file.startsWith('src/gen/');
  if (limited && lines.length > lineLimit + 1) found.push(`${file}:${lines.length - 1}: no long file`);
  return found;
}

/** Files of the project, relative to the checkout: those that git tracks, or all but what is made, without git. */
export async function projectFiles(checkout: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('git', ['ls-files', '-z'], {
      cwd: checkout,
      maxBuffer: 16 << 20,
    });
    return stdout.split('\0').filter(Boolean);
  } catch {
    const made =
      /(?:^|\/)(?:node_modules|dist|\.build|\.tools|\.git|coverage)(?:\/|$)|^(?:src|clients)\/gen\//;
    const entries = await readdir(checkout, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(checkout, path.join(entry.parentPath, entry.name)))
      .filter((file) => !made.test(file));
  }
}
