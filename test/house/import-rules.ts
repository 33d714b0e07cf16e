import type { Import } from './import-graph.js';

/** The parts that meet only on the bus. */
export const roles = ['hub', 'agent', 'controller', 'accounts', 'inspector', 'daemon', 'lab'];
/** The parts that all roles may stand on. */
export const foundations = ['bus', 'wire', 'rpc', 'actors', 'auth', 'client', 'tracing'];

/** An import rule, by the name that a violation is reported under. */
interface Rule {
  readonly name: string;
  readonly broken: (edge: Edge) => boolean;
}

/** An import with the room of each end: `hub`, `machines`, `test`, `package`, `common` for files of no room… */
interface Edge extends Import {
  readonly fromRoom: string;
  readonly toRoom: string;
}

const rules: readonly Rule[] = [
  {
    name: 'roles never import each other',
    broken: ({ fromRoom, toRoom }) =>
      roles.includes(fromRoom) && fromRoom !== toRoom && (roles.includes(toRoom) || toRoom === 'cli'),
  },
  {
    name: 'foundations import no role',
    broken: ({ fromRoom, toRoom }) =>
      foundations.includes(fromRoom) && (roles.includes(toRoom) || toRoom === 'cli'),
  },
  {
    name: 'common files import no room',
    broken: ({ fromRoom, toRoom }) => fromRoom === 'common' && !['common', 'package'].includes(toRoom),
  },
  {
    name: 'machines import only xstate',
    broken: ({ fromRoom, toRoom, to }) =>
      fromRoom === 'machines' && toRoom !== 'machines' && to !== 'node_modules/xstate',
  },
  {
    name: 'only src/bus imports NATS',
    broken: ({ from, fromRoom, specifier, to }) =>
      shipped(from) && fromRoom !== 'bus' && [specifier, to.replace('node_modules/', '')].some(isNats),
  },
  {
    name: 'what is shipped imports no test and no script',
    broken: ({ from, toRoom }) => shipped(from) && ['test', 'scripts'].includes(toRoom),
  },
  {
    name: 'a page imports itself, what was generated, and what has no room',
    broken: ({ from, to, toRoom }) => {
      if (!from.startsWith(pageFolder) || to.startsWith(pageFolder)) return false;
      const shared = to.startsWith('src/inspector/run-file/');
      return !shared && !['common', 'machines', 'package'].includes(toRoom);
    },
  },
  {
    name: 'nobody else imports a page',
    broken: ({ from, to }) => to.startsWith(pageFolder) && shipped(from) && !from.startsWith(pageFolder),
  },
  {
    name: 'every room is known',
    broken: ({ fromRoom, toRoom }) => [fromRoom, toRoom].includes('unknown'),
  },
];

/** A broken rule and the import that breaks it. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly specifier: string;
}

/** All violations among `imports`. */
export function importViolations(imports: readonly Import[]): Violation[] {
  return imports.flatMap((one) => {
    const edge: Edge = { ...one, fromRoom: roomOf(one.from), toRoom: roomOf(one.to) };
    return rules
      .filter((rule) => rule.broken(edge))
      .map((rule) => ({ rule: rule.name, from: one.from, specifier: one.specifier }));
  });
}

/** The names of all rules. */
export const ruleNames: readonly string[] = rules.map((rule) => rule.name);

function roomOf(file: string): string {
  const [top = '', second = '', third] = file.split('/');
  if (top === 'node_modules') return 'package';
  if (top === 'src') {
    if (third === undefined || second === 'gen') return 'common';
    return roles.includes(second) || foundations.includes(second) || second === 'cli' ? second : 'unknown';
  }
  return ['machines', 'test', 'scripts'].includes(top) ? top : 'unknown';
}

/** What runs in browsers beside a hub. */
const pageFolder = 'src/inspector/page/';

const shipped = (file: string): boolean => file.startsWith('src/') || file.startsWith('machines/');

const isNats = (name: string): boolean => /^(?:nats|@nats-io)(?:\/|$)/.test(name);

/**
 * Ways to load code that the compiler does not follow, found in the text of a shipped file: they would go around
 * the rules.
 */
export function hiddenImports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [
    ...code.matchAll(/\b(?:createRequire|getBuiltinModule)\b|\bimport\.meta\.resolve\b|(?<![.\w])require\(/g),
    ...code.matchAll(/\bimport\(\s*[^\s'"]/g),
    ...code.matchAll(/\bdeclare\s+module\b/g),
  ].map((match) => match[0]);
}
