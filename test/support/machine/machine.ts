import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, rename, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OtherKernel } from '../faults/other-kernel.js';
import { eventually, type Finished } from '../processes.js';

/** What is kept of the console, characters. */
const consoleLength = 100_000;
const memoryMiB = 1_536;
const bootMs = 180_000;
const poweroffMs = 150_000;

/** How a machine is started. */
export interface MachineOptions {
  readonly kernel: OtherKernel;
  /** Its disk, which `makeDisk` has made. */
  readonly disk: string;
  /** A directory of its own, for what goes between it and the test. */
  readonly dir: string;
}

/**
 * A machine of its own: user-mode Linux, which is a program, with systemd as its first process and a disk that is a file. It has no
 * network, and sees of this machine one directory. It dies with this process.
 */
export class Machine {
  readonly #child: ChildProcess;
  readonly #desk: string;
  readonly #ended: Promise<unknown>;
  #asked = 0;
  #console = '';

  private constructor(child: ChildProcess, desk: string) {
    this.#child = child;
    this.#desk = desk;
    this.#ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#console = (this.#console + text).slice(-consoleLength);
      });
    }
  }

  /** Starts it; resolves when it does what is asked of it. Rejects with its console where it does not come so far. */
  static async start({ kernel, disk, dir }: MachineOptions): Promise<Machine> {
    const desk = path.join(dir, 'desk');
    const own = path.join(dir, 'uml');
    for (const made of [desk, own]) await mkdir(made, { recursive: true });
    const words = [
      ...[`mem=${memoryMiB}M`, `ubd0=${disk}`, 'root=/dev/ubda', 'rootfstype=ext4', 'rw', `uml_dir=${own}/`],
      ...['con=null', 'con0=null,fd:1', 'init=/lib/systemd/systemd', `desk=${desk}`],
    ];
    // All its processes are in a namespace of their own, which ends with the first of them, and that with this process.
    const kept = ['--pdeathsig', 'KILL', 'unshare', '--user', '--map-root-user', '--pid', '--kill-child'];
    const child = spawn('setpriv', [...kept, kernel.program, ...words], {
      env: { ...process.env, TMPDIR: await memoryIn(own), HOME: own },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const machine = new Machine(child, desk);
    try {
      await machine.#until('it is up', () => isThere(path.join(desk, 'ready')), bootMs);
    } catch (thrown) {
      await machine.kill();
      throw thrown;
    }
    return machine;
  }

  /** What it wrote to its console. */
  get console(): string {
    return this.#console;
  }

  /** Runs a script of bash in it, as root. Rejects after `timeoutMs`, with its console. */
  async run(script: string, timeoutMs = 60_000): Promise<Finished> {
    const asked = await this.#ask(script);
    await this.#until(script, () => isThere(`${asked}.code`), timeoutMs);
    const [code, stdout, stderr] = await Promise.all(
      ['code', 'out', 'err'].map((name) => readFile(`${asked}.${name}`, 'utf8')),
    );
    return { code: Number(code), stdout: stdout ?? '', stderr: stderr ?? '' };
  }

  /** As `run`; resolves to what it printed, and rejects where it fails. */
  async must(script: string, timeoutMs?: number): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, timeoutMs);
    if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}\n${stderr}`);
    return stdout.trim();
  }

  /** Shuts it down as `poweroff` does; resolves when it is gone. */
  async poweroff(): Promise<void> {
    await this.#ask('systemctl --no-block poweroff');
    await eventually('it is off', () => this.#child.exitCode !== null, { timeoutMs: poweroffMs }).catch(
      (thrown: unknown) => {
        throw new Error(`it does not go down:\n${this.#console}`, { cause: thrown });
      },
    );
    await this.#ended;
  }

  /** Ends it at once, whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Has a script run; resolves to the path at which its results appear, without their ending. */
  async #ask(script: string): Promise<string> {
    const asked = path.join(this.#desk, String(this.#asked++));
    await writeFile(`${asked}.draft`, script);
    await rename(`${asked}.draft`, `${asked}.sh`);
    return asked;
  }

  async #until(what: string, probe: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const gone = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    const met = await eventually(what, async () => (await probe()) || gone(), { timeoutMs }).catch(
      () => false,
    );
    if (met && (await probe())) return;
    const why = gone() ? 'the machine has ended' : `not within ${timeoutMs / 1_000} s`;
    throw new Error(`${what}: ${why}\n${this.#console}`);
  }
}

/** Where its memory is, as a file without a name: where files are in memory, if there is room, and it need not be written to a disk. */
async function memoryIn(otherwise: string): Promise<string> {
  const shared = '/dev/shm';
  const { bavail, bsize } = await statfs(shared).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize > 2 * memoryMiB * 2 ** 20 ? shared : otherwise;
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
