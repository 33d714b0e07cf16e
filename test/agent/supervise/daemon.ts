/**
 * A program to be supervised: `daemon.js BEHAVIOURS FILE`, behaviours joined by commas. Writes its own and its
 * children's process ids and its environment to FILE when it is set up; an obedient one makes FILE.ended on SIGTERM.
 */
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [behaviours = '', file = ''] = process.argv.slice(2);
const is = (behaviour: string) => behaviours.split(',').includes(behaviour);

/** Process ids of two that ignore SIGTERM: one in this group, one in a session of its own. */
function startFamily(): number[] {
  const self = fileURLToPath(import.meta.url);
  return [false, true].map((detached) => {
    const child = spawn(process.execPath, [self, 'stubborn', ''], {
      detached,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.unref();
    return child.pid ?? 0;
  });
}

/** Writes as fast as it is read. */
function chatter(): void {
  const much = Buffer.from(`${'x'.repeat(200)}\n`.repeat(300));
  const more = () => process.stdout.write(much, more);
  more();
}

if (is('stubborn')) process.on('SIGTERM', () => process.stderr.write('I stay\n'));
if (is('obedient')) {
  process.on('SIGTERM', () => {
    const end = () => {
      if (file !== '') writeFileSync(`${file}.ended`, '');
      process.exit(0);
    };
    setTimeout(end, is('slow') ? 1_500 : 0);
  });
}
if (is('ends')) process.on('SIGUSR2', () => process.exit(7));
if (is('brief')) {
  process.stderr.write('there is no such configuration\n');
  process.exitCode = 3;
} else {
  const children = is('family') ? startFamily() : [];
  if (file !== '') {
    const facts = { pid: process.pid, children, environment: process.env, directory: process.cwd() };
    writeFileSync(`${file}.new`, JSON.stringify(facts));
    renameSync(`${file}.new`, file);
  }
  if (is('chatty')) chatter();
  setInterval(() => {}, 60_000);
}
