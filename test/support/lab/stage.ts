import path from 'node:path';
import { labPath } from '../../../scripts/lab-tools.js';
import { errorText } from '../../../src/errors.js';
import { type Lab, type LabOptions, openLab } from '../../../src/lab/lab.js';
import type { LabSpec } from '../../../src/lab/spec.js';
import {
  compiledRoot,
  type Finished,
  type RunningProcess,
  run,
  type Spawn,
  type StartOptions,
  startReady,
} from '../processes.js';

/** The environment in which labs can be made. Throws where the programs for it do not come. */
export async function labEnv(): Promise<NodeJS.ProcessEnv> {
  return { ...process.env, PATH: await labPath() };
}

/** False where labs can be made, else why not: a reason to skip a test. */
export async function withoutLab(): Promise<string | false> {
  try {
    const lab = await openLab({ nodes: { probe: {} } }, { env: await labEnv() });
    await lab.close();
    return false;
  } catch (thrown) {
    return errorText(thrown);
  }
}

/** Programs that talk to each other in labs; see `talk.ts`. */
const talk = path.join(compiledRoot, 'test/support/lab/talk.js');

/** A lab with programs in it, as easy to use as programs on this machine. */
export class LabStage {
  readonly lab: Lab;
  #started: RunningProcess[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async open(spec: LabSpec, options: LabOptions = {}): Promise<LabStage> {
    return new LabStage(await openLab(spec, { env: await labEnv(), ...options }));
  }

  /** Runs a program on a machine to its end. */
  run(
    host: string,
    argv: readonly string[],
    options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
  ): Promise<Finished> {
    const [command = '', ...args] = argv;
    return run(command, args, { ...options, spawn: this.spawnOn(host) });
  }

  /** Starts a program on a machine and waits for its ready line. */
  async start(host: string, argv: readonly string[], options: StartOptions = {}): Promise<RunningProcess> {
    const [command = '', ...args] = argv;
    const started = await startReady(command, args, { ...options, spawn: this.spawnOn(host) });
    this.#started.push(started);
    return started;
  }

  /** Listens on a machine, on all its addresses of IPv4 or at one: TCP and UDP, and sends back what comes. */
  echo(host: string, port: number, address = ''): Promise<RunningProcess> {
    return this.start(host, [process.execPath, talk, 'echo', String(port), address]);
  }

  /** What becomes of one TCP connection: `echoed from ADDRESS` (as the other end saw it), `refused`, `silence`, … */
  async dial(host: string, to: string, port: number, timeoutMs = 400): Promise<string> {
    const { stdout, stderr } = await this.run(host, [
      process.execPath,
      talk,
      'dial',
      to,
      String(port),
      String(timeoutMs),
    ]);
    return stdout.trim() || stderr;
  }

  /** Something that goes on asking, by UDP or over one TCP connection, and tells each answer in a line. */
  ask(host: string, how: 'udp' | 'tcp', to: string, port: number): Promise<RunningProcess> {
    return this.start(host, [process.execPath, talk, how, to, String(port)]);
  }

  /** Ends all programs that were started, and the lab. */
  async close(): Promise<void> {
    for (const started of this.#started.reverse()) await started.stop('SIGKILL');
    await this.lab.close();
  }

  /** Starts programs on a machine, for helpers that start programs. */
  spawnOn(host: string): Spawn {
    return (command, args, { env, stdio }) => this.lab.exec(host, [command, ...args], { env, stdio });
  }
}
