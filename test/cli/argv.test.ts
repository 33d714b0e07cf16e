import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import type { CommandSpec, OptionSpec } from '../../src/cli/command-spec.js';
import { commands } from '../../src/cli/commands.js';
import { compiledRoot } from '../support/processes.js';
import { cleanEnv } from './postern.js';

const runs = process.env.POSTERN_SOAK === undefined ? 400 : 5_000;
const outcome = z.object({ code: z.number(), stderr: z.string() });

let folder: string;
let child: ChildProcess | undefined;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'postern-argv-'));
  await writeFile(path.join(folder, 'file'), '');
});
after(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A process that runs the command. A file stands where a folder is needed, so that nothing is started or kept. */
async function forked(): Promise<ChildProcess> {
  const made = fork(path.join(compiledRoot, 'test/cli/argv-process.js'), {
    cwd: folder,
    env: {
      ...cleanEnv(),
      HOME: folder,
      POSTERN_DATA: path.join(folder, 'file'),
      POSTERN_HUB: '127.0.0.1:1',
      POSTERN_LISTEN: 'nowhere',
      // of `postern wait`, which has patience with a hub that does not answer
      POSTERN_TIMEOUT: '1s',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(made, 'message');
  return made;
}

const nonsense = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '-',
    '--',
    '=',
    '0',
    '-1',
    '1e999',
    'NaN',
    '{',
    '{"a":',
    '[[[[',
    'null',
    '\0',
    '\u{1f608}',
    '\ud800',
  ),
  fc.constantFrom(
    'a',
    'UPPER',
    '*',
    '..',
    '@missing',
    'a.b.C/D',
    'a: b',
    ':',
    '127.0.0.1:1',
    '999999999h',
    '__proto__',
  ),
  fc.constantFrom('{"a":1}', '[]', '"x"', `${'['.repeat(5_000)}`, '{"__proto__":{"x":1}}', '1'.repeat(400)),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('/')),
);
/** A debug log tells stacks on purpose. */
const loud = ['debug', 'trace'];

function argumentOf(option: OptionSpec): fc.Arbitrary<string> {
  if (option.kind === 'choice') {
    return fc.oneof(nonsense, fc.constantFrom(...option.choices.filter((choice) => !loud.includes(choice))));
  }
  return option.name === 'hub'
    ? fc.constantFrom('127.0.0.1:1', 'nonsense', '', 'http://', 'unix:/none', ':0')
    : nonsense;
}

function given(option: OptionSpec): fc.Arbitrary<string[]> {
  const name =
    option.short === undefined
      ? fc.constant(`--${option.name}`)
      : fc.constantFrom(`--${option.name}`, `-${option.short}`);
  if (option.kind === 'flag') return name.map((flag) => [flag]);
  const joined = argumentOf(option).map((value) => [`--${option.name}=${value}`]);
  return fc.oneof(
    fc.tuple(name, argumentOf(option)).map((pair) => [...pair]),
    joined,
    name.map((flag) => [flag]),
  );
}

/** Where to listen and keep things is told by the environment: a command that can would serve until it is stopped. */
const told = ['data', 'listen'];

function lineOf(command: CommandSpec): fc.Arbitrary<string[]> {
  const options = (command.options ?? []).filter(({ name }) => !told.includes(name));
  const flags =
    options.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...options.map(given)), { maxLength: 4 });
  const most = (command.arguments?.length ?? 0) + 1;
  return fc
    .tuple(fc.array(nonsense, { maxLength: most }), flags)
    .map(([words, given]) => [...command.path, ...words, ...given.flat()]);
}

const argv = fc.oneof(
  { weight: 8, arbitrary: fc.oneof(...commands.map(lineOf)) },
  { weight: 1, arbitrary: fc.array(nonsense, { maxLength: 4 }) },
);

/** Runs the command; fails when it ends the process or takes for ever. */
async function postern(args: readonly string[]): Promise<z.infer<typeof outcome>> {
  child ??= await forked();
  const used = child;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => used.kill('SIGKILL'), 20_000);
    const over = (): void => {
      clearTimeout(timer);
      used.off('message', answered).off('exit', ended);
    };
    const answered = (message: unknown): void => {
      over();
      resolve(outcome.parse(message));
    };
    const ended = (): void => {
      over();
      child = undefined;
      reject(new Error('the process has ended, or was stopped since it went on'));
    };
    used.on('message', answered).on('exit', ended);
    used.send([...args]);
  });
}

test('whatever the arguments are, they end with a status of ours and a message, never with a stack', async () => {
  await fc.assert(
    fc.asyncProperty(argv, async (args) => {
      const { code, stderr } = await postern(args);
      assert.ok((code >= 0 && code <= 2) || (code > 64 && code <= 80), `exit status ${code}: ${stderr}`);
      assert.doesNotMatch(stderr, /^ +at .*(?:\.js|node:)/m, 'a stack was told');
      assert.doesNotMatch(stderr, /internal error/);
      if (code !== 0) assert.match(stderr, /^postern|^Usage: postern/);
    }),
    { numRuns: runs, examples: [[['inspect', '--connect-timeout=999999999h']]] },
  );
});
