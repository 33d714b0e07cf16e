/**
 * docs/subjects.md, made from the declarations in src/bus.
 *
 * As a program: `node dist/scripts/subjects-doc.js` writes it, `--check` only tells whether it is up to date.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { declaredSubjects, watchedSubjects } from '../src/bus/permissions.js';
import { keptStreams } from '../src/bus/streams.js';
import { busRoles, type Grant, type StoreDeclaration, stores, subjects } from '../src/bus/subjects.js';

const roleTexts: Readonly<Record<(typeof busRoles)[number], string>> = {
  hub: 'a hub',
  agent: 'an agent: one node, one key',
  watcher: 'somebody who looks on; sees no frames of calls',
  tracer: 'an audited one who may read frames too; they hold metadata',
  tunnel: 'the part of a hub that serves calls for the nodes with a tunnel to it',
  controller: 'a controller of runs',
  accounts: 'a process of the account services',
};

/** The whole text of docs/subjects.md. */
export function subjectsDoc(): string {
  return `${[
    '# Subjects',
    '',
    '<!-- Made from src/bus by scripts/subjects-doc.ts; change it there. -->',
    '',
    'Everything that Postern says on NATS, who may say it and who may hear it. Bodies are JSON unless said otherwise.',
    'A credential allows exactly what stands here, by allow lists that are made from the same declarations.',
    '',
    ...listening(),
    ...roles(),
    ...subjectTable(),
    ...kept(),
    ...buckets(),
    ...inboxes(),
    ...bodies(),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function listening(): string[] {
  const filters = watchedSubjects('watcher')
    .map((filter) => `'${filter}'`)
    .join(' ');
  return [
    '## Listening in',
    '',
    'With the credentials of a watcher, and the server that a hub uses:',
    '',
    '```sh',
    'postern bus creds --role watcher > watcher.creds',
    `nats --server "$NATS_URL" --creds watcher.creds sub ${filters}`,
    '```',
    '',
    "A tracer hears the frames of all calls as well: `nats --creds tracer.creds sub 'postern.>'`. A watcher is refused",
    'that subject, because a subscription must lie wholly inside what is allowed.',
    '',
    'What happened before is kept for some subjects (below). Only hubs read streams; others ask one with `kept`.',
    '',
  ];
}

function roles(): string[] {
  return [
    '## Roles',
    '',
    ...table(
      ['role', 'whose'],
      busRoles.map((role) => [role, roleTexts[role]]),
    ),
  ];
}

function subjectTable(): string[] {
  const rows = Object.entries(subjects).map(([name, declaration]) => [
    `\`${declaration.pattern}\``,
    declaration.body === 'frames' ? 'binary frames' : `[${name}](#${name.toLowerCase()})`,
    grants(declaration.publish),
    grants(declaration.subscribe),
    declaration.summary,
  ]);
  return ['## All subjects', '', ...table(['subject', 'body', 'published by', 'heard by', 'what'], rows)];
}

function grants(granted: Readonly<Partial<Record<string, Grant>>>): string {
  const texts = Object.entries(granted).map(([role, grant]) => {
    if (grant === true || grant === undefined) return role;
    const words = Object.entries(grant).map(([name, word]) => `${name} = ${wordText(word)}`);
    return `${role} (${words.join(', ')})`;
  });
  return texts.join(', ');
}

function wordText(word: string): string {
  if (word === '$node') return 'its node';
  return word === '$key' ? 'its key' : `\`${word}\``;
}

function kept(): string[] {
  const rows = keptStreams().map(
    ({ name, subjects: filters, perSubject, maxAgeMs, maxBytes, lasting, onDisk }) => [
      `\`${name}\``,
      filters.map((filter) => `\`${filter}\``).join(', '),
      onDisk === undefined && lasting === undefined ? 'in memory' : 'on disk',
      [
        ...(perSubject === undefined ? [] : [`${perSubject} messages per subject`]),
        ...(maxAgeMs === undefined ? [] : [`${maxAgeMs / 1000} seconds`]),
        ...(onDisk === undefined
          ? []
          : [`${onDisk.maxMessages} messages`, `${onDisk.maxAgeMs / 3_600_000} hours`]),
        `${mebibytes(maxBytes)} in all`,
      ].join(', '),
    ],
  );
  return [
    '## Kept subjects',
    '',
    'Streams in memory begin anew when the NATS server does.',
    '',
    ...table(['stream', 'subjects', 'where', 'keeps at most'], rows),
  ];
}

function buckets(): string[] {
  const declared: readonly [string, StoreDeclaration<unknown>][] = Object.entries(stores);
  const rows = declared.map(([name, { bucket, users, readers = [], summary, maxBytes, maxAgeMs }]) => [
    `\`${bucket}\``,
    `[${name}](#${name.toLowerCase()})`,
    [...users, ...readers.map((reader) => `${reader} (reads)`)].join(', '),
    [mebibytes(maxBytes), ...(maxAgeMs === undefined ? [] : [`${maxAgeMs / 3_600_000} hours`])].join(', '),
    summary,
  ]);
  return [
    '## Buckets',
    '',
    'JetStream key-value buckets on disk. Nobody but their users reads or writes them.',
    '',
    ...table(['bucket', 'value', 'users', 'at most', 'what'], rows),
  ];
}

function inboxes(): string[] {
  return [
    '## Answers',
    '',
    'Answers to requests arrive below `_INBOX.<role>.<public key>.`, for agents `_INBOX.agent.<node>.<public key>.`, where',
    'nobody else may listen; a hub answers nowhere else. Calls name `<inbox>.nr.<node>.<instance>` as their reply subject,',
    'where the server says (status 503) that nobody listens.',
    '',
  ];
}

function bodies(): string[] {
  const lines = ['## Bodies', ''];
  for (const [name, declaration] of Object.entries(subjects)) {
    if (declaration.body === 'frames') continue;
    lines.push(`### ${name}`, '', ...fields(declaration.body));
    const answer = declaredSubjects.find(({ pattern }) => pattern === declaration.pattern)?.answer;
    if (answer !== undefined) lines.push('Answered with:', '', ...fields(answer));
  }
  for (const [name, { value }] of Object.entries(stores)) lines.push(`### ${name}`, '', ...fields(value));
  return lines;
}

/** What is read of a JSON schema, enough for the schemas in messages.ts. */
interface Schema {
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly additionalProperties?: Schema | boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly pattern?: string | undefined;
}

const schemaOf: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    properties: z.record(z.string(), schemaOf).optional(),
    required: z.array(z.string()).optional(),
    items: schemaOf.optional(),
    oneOf: z.array(schemaOf).optional(),
    anyOf: z.array(schemaOf).optional(),
    additionalProperties: z.union([z.boolean(), schemaOf]).optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    pattern: z.string().optional(),
  }),
);

function fields(type: z.ZodType): string[] {
  const schema = schemaOf.parse(z.toJSONSchema(type));
  const shapes = schema.oneOf ?? schema.anyOf ?? [schema];
  return shapes.flatMap((shape) => table(['field', 'type'], rowsOf(shape, '')));
}

function rowsOf(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : ', optional';
    const row = [`\`${prefix}${name}\``, typeText(field) + optional];
    if (field.type === 'array' && field.items?.properties !== undefined) {
      return [row, ...rowsOf(field.items, `${prefix}${name}[].`)];
    }
    return [row, ...rowsOf(field, `${prefix}${name}.`)];
  });
}

function typeText(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${JSON.stringify(each)}\``).join(' or ');
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
    return `list of ${schema.items?.properties === undefined ? typeText(schema.items ?? {}) : 'objects'}${most}`;
  }
  if (schema.type === 'object') {
    const { additionalProperties: values } = schema;
    return typeof values === 'object' ? `map to ${typeText(values)}` : 'object';
  }
  if (schema.pattern !== undefined)
    return `${schema.type ?? 'any'} matching \`${escapeCell(schema.pattern)}\``;
  if (schema.maxLength !== undefined)
    return `${schema.type ?? 'any'}, at most ${schema.maxLength} characters`;
  return schema.type ?? 'any';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function mebibytes(bytes: number): string {
  return `${bytes / 2 ** 20} MiB`;
}

/** Where it is kept. */
export const subjectsDocPath = join(checkout(import.meta.dirname), 'docs/subjects.md');

/** The nearest directory above that holds the package: compiled code may lie at any depth. */
function checkout(directory: string): string {
  if (existsSync(join(directory, 'package.json')) || directory === dirname(directory)) return directory;
  return checkout(dirname(directory));
}

if (import.meta.filename === process.argv[1]) {
  if (!process.argv.includes('--check')) await writeFile(subjectsDocPath, subjectsDoc());
  else if ((await readFile(subjectsDocPath, 'utf8')) !== subjectsDoc()) {
    process.stderr.write('docs/subjects.md is not up to date: run node dist/scripts/subjects-doc.js\n');
    process.exitCode = 1;
  }
}
