/**
 * A program to be supervised: `daemon.js BEHAVIOURS FILE`, behaviours joined by commas. Writes its own and its
 * children's process ids and its environment to FILE when it is set up; an obedient one makes FILE.ended on SIGTERM.
 */
import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [behaviours = '', file = ''] = process.argv.slice(2);
const is = (behaviour: string) => behaviours.split(',').includes(behaviour);

/** Process ids of two that ignore SIGTERM, once they do: one in this group, one in a session of its own. */
async function startFamily(): Promise<number[]> {
  const self = fileURLToPath(import.meta.url);
  const ready = [0, 1].map((number) => (file === '' ? '' : `${file}.child-${number}`));
  for (const made of ready) rmSync(made, { force: true });
  const children = [false, true].map((detached, number) => {
    const child = spawn(process.execPath, [self, 'stubborn', ready[number] ?? ''], {
      detached,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.unref();
    return child.pid ?? 0;
  });
  const isReady = () => ready.every((made) => made === '' || existsSync(made));
  for (let looks = 0; looks < 2_000 && !isReady(); looks += 1) await sleep(5);
  return children;
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
  const children = is('family') ? await startFamily() : [];
  if (file !== '') {
    const facts = { pid: process.pid, children, environment: process.env, directory: process.cwd() };
    writeFileSync(`${file}.new`, JSON.stringify(facts));
    renameSync(`${file}.new`, file);
  }
  if (is('chatty')) chatter();
  setInterval(() => {}, 60_000);
}
