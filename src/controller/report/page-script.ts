import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PosternError } from '../../errors.js';

/** Where the page's program begins, as the compiler left it. */
const entry = path.join(import.meta.dirname, 'page/main.js');

let linked: string | undefined;

/** The program of the page as one script without imports; put together once. */
export function pageScript(): string {
  linked ??= linkModules(entry);
  return linked;
}

const importLine = /^import \{([^}]*)\} from '(\.[^']+)';$/gm;
const exportWord = /^export (?=(?:async )?(?:function|const|let|class) )/gm;
const exportedName = /^export (?:async )?(?:function|const|let|class) ([A-Za-z_$][\w$]*)/gm;

/**
 * Puts a module and all that it imports into one script: each module becomes a function that is called once and gives out
 * what it exports. It knows the imports and exports that the page's modules have, by name and from files beside them, and
 * throws `REPORT_PAGE` for any other, and for modules that import each other.
 */
export function linkModules(file: string): string {
  const modules = new Map<string, string>();
  add(file, [], modules);
  return `'use strict';\n${[...modules.values()].join('')}`;
}

/** Adds a module after those that it imports. */
function add(file: string, importers: readonly string[], modules: Map<string, string>): void {
  if (modules.has(file)) return;
  if (importers.includes(file)) throw broken(`${file} imports itself by way of others`);
  const text = read(file).replace(/^\/\/# sourceMappingURL=.*$/gm, '');
  for (const [, , from = ''] of text.matchAll(importLine)) {
    add(path.resolve(path.dirname(file), from), [...importers, file], modules);
  }
  const names = [...text.matchAll(exportedName)].map(([, name]) => name);
  const body = text
    .replace(importLine, (_, names: string, from: string) => {
      const other = variableOf([...modules.keys()].indexOf(path.resolve(path.dirname(file), from)));
      return `const {${names.replace(/ as /g, ': ')}} = ${other};`;
    })
    .replace(exportWord, '')
    .replace(/^export \{\};$/gm, '');
  const left = /^\s*(?:import\b|export\b).*$/m.exec(body);
  if (left !== null) throw broken(`${file}: cannot be put into a page: ${left[0].trim()}`);
  const made = `const ${variableOf(modules.size)} = (() => {\n${body.trim()}\nreturn { ${names.join(', ')} };\n})();\n`;
  modules.set(file, made);
}

function variableOf(place: number): string {
  return `$module${place}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw broken(`${file} cannot be read`, thrown);
  }
}

function broken(message: string, cause?: unknown): PosternError {
  return new PosternError('REPORT_PAGE', message, { hint: 'build anew: npm run compile', cause });
}
