import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { errorText, PosternError } from '../errors.js';
import { type CheckedLab, type LabMistake, type LabSpec, labSchema, nameMistakes } from './spec.js';

type Path = readonly PropertyKey[];

/** Longest file that is read, in bytes. */
const longest = 1_000_000;

/**
 * Reads the file of a lab (YAML, so JSON too). A lab that says no name gets that of its file. Throws `LAB_INVALID`
 * (exit status 2) with every mistake and the line of each.
 */
export async function readLabFile(file: string): Promise<{ name: string; lab: CheckedLab }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
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
  if (text.length > longest) throw invalid([`${file}: longer than ${longest} characters`]);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) throw invalid(broken.map(({ pos, message }) => `${at(pos[0])}: ${message}`));
  let value: unknown;
  try {
    // Anchors may not make much out of little.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    throw invalid([`${file}: ${errorText(thrown)}`]);
  }
  return checkLab(value, (path) => offsetOf(document.contents, path), at);
}

/** Checks a lab that a program made. Throws `LAB_INVALID` with every mistake. */
export function checkLabSpec(spec: LabSpec): CheckedLab {
  return checkLab(
    spec,
    () => 0,
    () => 'the lab',
  );
}

/** `offset` tells where in the text something stands, `place` names such a place. */
function checkLab(
  value: unknown,
  offset: (path: Path) => number,
  place: (offset: number) => string,
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
    .map(({ path, message }) => ({ at: offset(path), text: `${pathText(path)}${message}` }))
    .sort((a, b) => a.at - b.at);
  throw invalid(told.map(({ at, text }) => `${place(at)}: ${text}`));
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
function pathText(path: Path): string {
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

/** Where a value stands in the text: at its key, or where an item of a list begins; else the nearest around it. */
function offsetOf(root: unknown, path: Path): number {
  let node = root;
  let offset = startOf(root) ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
