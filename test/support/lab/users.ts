import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  checkoutRoot,
  compiledRoot,
  type Finished,
  type RunningProcess,
  run,
  type StartOptions,
  startReady,
} from '../processes.js';
import { labEnv } from './stage.js';

const exec = promisify(execFile);
const posternBin = path.join(checkoutRoot, 'bin/postern');

/** Somebody who makes labs with `postern lab`. */
export interface LabUser {
  readonly name: string;
  /** Whether a user namespace is needed. */
  readonly rootless: boolean;
  /** The words before a command that make it this user's. */
  readonly words: readonly string[];
  readonly uid: number | undefined;
}

const nobody = 65_534;
/** CAP_SETFCAP is what mapping root into a user namespace needs (user_namespaces(7)). */
const powerless: LabUser = {
  name: 'root without its powers',
  rootless: true,
  words: ['setpriv', '--inh-caps=-all,+setfcap', '--bounding-set=-all,+setfcap', '--'],
  uid: undefined,
};
const unprivileged: LabUser = {
  name: 'an unprivileged user',
  rootless: true,
  words: ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'],
  uid: nobody,
};

/** Those that can be on this machine: of the last one, whether it may read this checkout decides. */
export async function labUsers(): Promise<LabUser[]> {
  const self: LabUser = { name: 'this user', rootless: process.getuid?.() !== 0, words: [], uid: undefined };
  if (self.rootless) return [self];
  const [setpriv = '', ...words] = unprivileged.words;
  const file = path.join(compiledRoot, 'src/cli/main.js');
  const readable = await exec(setpriv, [...words, 'head', '-c1', file, posternBin, process.execPath]).then(
    () => true,
    () => false,
  );
  return [{ ...self, name: 'root' }, powerless, ...(readable ? [unprivileged] : [])];
}

/** `postern lab …` as one user, with a data directory of its own. */
export class LabCommands {
  readonly dir: string;
  readonly #user: LabUser;
  readonly #env: NodeJS.ProcessEnv;
  #started: RunningProcess[] = [];

  private constructor(dir: string, user: LabUser, env: NodeJS.ProcessEnv) {
    this.dir = dir;
    this.#user = user;
    this.#env = { ...env, POSTERN_DATA: path.join(dir, 'data'), POSTERN_DIST: compiledRoot };
  }

  static async make(user: LabUser): Promise<LabCommands> {
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-lab-'));
    if (user.uid !== undefined) await chown(dir, user.uid, user.uid);
    return new LabCommands(dir, user, await labEnv());
  }

  /** Runs `postern lab …` to its end. */
  run(args: readonly string[], options: { input?: string } = {}): Promise<Finished> {
    const [command, ...rest] = this.#words(args);
    return run(command, rest, { ...options, env: this.#env });
  }

  /** Starts a `postern lab …` that prints a ready line. */
  async start(args: readonly string[], options: StartOptions = {}): Promise<RunningProcess> {
    const [command, ...rest] = this.#words(args);
    const started = await startReady(command, rest, { ...options, env: this.#env });
    this.#started.push(started);
    return started;
  }

  /** `lab up -o json`: the process of the holder. */
  async up(file: string, ...more: string[]): Promise<number> {
    const { code, stdout, stderr } = await this.run(['up', file, '-o', 'json', ...more]);
    if (code !== 0) throw new Error(stderr);
    const { pid }: { pid?: unknown } = JSON.parse(stdout);
    return Number(pid);
  }

  /** Ends all that is left. */
  async close(): Promise<void> {
    for (const started of this.#started) await started.stop('SIGKILL');
    const { stdout } = await this.run(['ls', '-o', 'json']);
    const machines: { lab: string }[] = JSON.parse(stdout || '[]');
    for (const lab of new Set(machines.map((machine) => machine.lab))) await this.run(['down', '--lab', lab]);
    await rm(this.dir, { recursive: true, force: true });
  }

  #words(args: readonly string[]): [command: string, ...args: string[]] {
    const [command = posternBin, ...rest] = [...this.#user.words, posternBin];
    return [command, ...rest, 'lab', ...args];
  }
}
