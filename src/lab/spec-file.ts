import { basename } from 'node:path';
import { readTextUpTo } from '../bounded-file.js';
import { boundedYaml, type YamlPath, type YamlPlace } from '../bounded-yaml.js';
import { errorText, PosternError } from '../errors.js';
import { type CheckedLab, type LabMistake, type LabSpec, labSchema, nameMistakes } from './spec.js';

/** What is read of a file, at most. */
const bounds = { bytes: 1_000_000, values: 50_000, deepest: 32 };

/**
 * Reads the file of a lab (YAML, so JSON too). A lab that says no name gets that of its file. Throws `LAB_INVALID`
 * (exit status 2) with every mistake and the line of each.
 */
export async function readLabFile(file: string): Promise<{ name: string; lab: CheckedLab }> {
  let text: string;
  try {
    text = await readTextUpTo(file, bounds.bytes);
  } catch (thrown) {
    throw new PosternError('LAB_INVALID', `cannot read ${file}: ${errorText(thrown)}`, {
      exitCode: 2,
      cause: thrown,
    });
  }
  const lab = parseLab(text, file);
  return { name: lab.name ?? nameOfFile(file), lab };
}

/** `five` of `labs/Five.lab.yaml`. */
function nameOfFile(file: string): string {
  const [stem = ''] = basename(file).split('.');
  const name = stem.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return name.replace(/^-+|-+$/g, '').slice(0, 40) || 'lab';
}

/** Reads a lab from YAML; `file` says in messages where that is from. Throws `LAB_INVALID`. */
export function parseLab(text: string, file: string): CheckedLab {
  const { value, place, broken } = boundedYaml(text, bounds);
  const at = ({ line, column }: YamlPlace): string => `${file}:${line}:${column}`;
  if (broken.length > 0) throw invalid(broken.map((one) => `${at(one)}: ${one.text}`));
  return checkLab(value, place, at);
}

/** Checks a lab that a program made. Throws `LAB_INVALID` with every mistake. */
export function checkLabSpec(spec: LabSpec): CheckedLab {
  return checkLab(
    spec,
    () => ({ line: 1, column: 1 }),
    () => 'the lab',
  );
}

/** `place` tells where in the text something stands, `named` names such a place. */
function checkLab(
  value: unknown,
  place: (path: YamlPath) => YamlPlace,
  named: (place: YamlPlace) => string,
): CheckedLab {
  const parsed = labSchema.safeParse(value);
  const names = nameMistakes(value);
  if (parsed.success && names.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  const mistakes = issues.flatMap((issue): LabMistake[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'there is no such setting' }));
    }
    return [{ path: issue.path, message: plainly(issue.message) }];
  });
  const told = [...mistakes, ...names]
    .map(({ path, message }) => ({ at: place(path), text: `${pathText(path)}${message}` }))
    .sort(({ at: one }, { at: other }) => one.line - other.line || one.column - other.column);
  throw invalid(told.map(({ at, text }) => `${named(at)}: ${text}`));
}

/** The schema's own words, for people. */
function plainly(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
    .replace(
      /^expected record, received (?:undefined|null)$/,
      'is missing: the names of the nodes, each with its settings',
    )
    .replace(/^expected record,/, 'expected pairs of the form name: value,')
    .replace(/^expected array,/, 'expected a list,');
}

/** `nodes.cellar.forward[0]: `; nothing for the whole. */
function pathText(path: YamlPath): string {
  if (path.length === 0) return '';
  const parts = path.map((key, i) =>
    typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`,
  );
  return `${parts.join('')}: `;
}

function invalid(mistakes: readonly string[]): PosternError {
  return new PosternError('LAB_INVALID', mistakes.join('\n'), {
    hint: 'docs/lab.md tells what may be written',
    exitCode: 2,
  });
}
