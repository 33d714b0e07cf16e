import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SystemdTool } from '../../scripts/systemd-tool.js';
import { checkoutRoot } from '../support/processes.js';

/** Where the units of this checkout are. */
export const unitsDir = path.join(checkoutRoot, 'deploy/systemd');

/** One setting of a unit file. */
export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** Names of all units. */
export async function unitNames(): Promise<string[]> {
  return (await readdir(unitsDir)).filter((name) => name.endsWith('.service')).sort();
}

/** The settings of a unit, in their order; lines that end in a backslash are joined with the next. */
export async function readUnit(name: string): Promise<readonly Setting[]> {
  const text = (await readFile(path.join(unitsDir, name), 'utf8')).replaceAll(/\\\n\s*/g, '');
  let section = '';
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '' || /^[#;]/.test(line)) return [];
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = header;
      return [];
    }
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === '') throw new Error(`${name}: '${line}' is no setting`);
    return [{ section, key, value }];
  });
}

/** The only value of a setting. Throws where it has none, or several. */
export function only(unit: readonly Setting[], key: string): string {
  const values = unit.filter((setting) => setting.key === key).map(({ value }) => value);
  if (values.length !== 1) throw new Error(`${key} is there ${values.length} times`);
  return values.join();
}

/** What the units wait for, which every system with systemd has. */
const ofTheSystem = ['sysinit', 'basic', 'shutdown', 'multi-user', 'network-online'];

/**
 * Lays out a file system in which the units are installed with all drop-ins, and all that they start is there, as programs
 * that do nothing. Resolves to where the units are.
 */
export async function installUnits(root: string): Promise<string> {
  const installed = path.join(root, 'etc/systemd/system');
  await mkdir(installed, { recursive: true });
  for (const name of await unitNames()) await cp(path.join(unitsDir, name), path.join(installed, name));
  await cp(path.join(unitsDir, 'drop-ins'), installed, { recursive: true });
  for (const name of ['postern', 'berty']) await standIn(path.join(root, 'usr/local/bin', name));
  await layOutSystem(root);
  return installed;
}

/** Adds what every system with systemd has. */
export async function layOutSystem(root: string): Promise<void> {
  const own = path.join(root, 'usr/lib/systemd/system');
  await mkdir(own, { recursive: true });
  for (const name of ofTheSystem) {
    await writeFile(path.join(own, `${name}.target`), '[Unit]\nDescription=Stand-in\n');
  }
  await standIn(path.join(root, 'bin/kill'));
}

async function standIn(program: string): Promise<void> {
  await mkdir(path.dirname(program), { recursive: true });
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
}

/** Runs `systemd-analyze` on that file system; resolves to its exit status and all that it said. */
export function analyze(
  tool: SystemdTool,
  root: string,
  words: readonly string[],
): Promise<{ readonly status: number; readonly said: string }> {
  const [verb = '', ...rest] = words;
  return new Promise((resolve) => {
    execFile(
      tool.path,
      [verb, `--root=${root}`, '--no-pager', ...rest],
      { env: { ...tool.env, SYSTEMD_COLORS: '0' }, timeout: 30_000 },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), said: `${stdout}${stderr}` });
      },
    );
  });
}
