import type { ChildProcess } from 'node:child_process';
import { PosternError } from '../errors.js';
import { cutTableName } from './cut-table.js';
import { type Cut, type CutOptions, cutText, healText, readCuts } from './cuts.js';
import { endHolder, type Holder, isAlive, runInside, startHolder } from './holder.js';
import { hostsOf, internet, type LabHost } from './hosts.js';
import { layoutScript } from './layout.js';
import { type ProgramOptions, startProgram } from './program.js';
import type { CheckedLab, LabSpec } from './spec.js';
import { checkLabSpec } from './spec-file.js';
import { findLabTools, type LabTools } from './tools.js';

/** Bounds for laying out a lab and for one change of its cuts, in milliseconds. */
const layoutMs = 120_000;
const changeMs = 20_000;

/** Networks of namespaces with programs in them: see docs/lab.md. */
export interface Lab {
  /** All machines: the hub's, the WAN's, and the nodes. */
  readonly hosts: readonly LabHost[];
  readonly holder: Holder;
  /** Where others find a machine: its own public address, or that of the NAT before it. Throws `LAB_NO_HOST`. */
  address(host: string): string;
  /**
   * Runs a program on a machine, or on `internet`, where everything passes. The process ends with its exit status or
   * signal, and `kill` reaches it; it ends with the lab. Throws `LAB_NO_HOST`.
   */
  exec(host: string, argv: readonly string[], options?: ProgramOptions): ChildProcess;
  /** Cuts a machine off; a later cut takes the place of an earlier one of the same scope and direction. */
  cut(host: string, options?: CutOptions): Promise<void>;
  /** Ends the cuts of a machine: all, or those of a scope or from one other machine. */
  heal(host: string, options?: Omit<CutOptions, 'forMs'>): Promise<void>;
  /** The cuts in effect. */
  cuts(): Promise<Cut[]>;
  /** True while its holder lives. */
  alive(): Promise<boolean>;
  /** Ends it with everything in it, as a power cut would. */
  close(): Promise<void>;
}

/** How a lab is made. */
export interface LabOptions {
  /** Insists on a user namespace (true), or on being root without one (false); default: the latter where it is allowed. */
  readonly rootless?: boolean;
  /** Where to look for the programs that make a lab: its PATH. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Lays out a lab that ends with this process, or at `close`. Throws `LAB_INVALID`, `LAB_UNSUPPORTED`,
 * `LAB_TOOLS_MISSING`, `LAB_REFUSED` and `LAB_FAILED`.
 */
export async function openLab(spec: LabSpec, options: LabOptions = {}): Promise<Lab> {
  return (await layOut(checkLabSpec(spec), options)).lab;
}

/** Lays out a lab; `release` lets it live on when this process ends. Throws what `openLab` does. */
export async function layOut(
  checked: CheckedLab,
  { rootless, env = process.env }: LabOptions = {},
): Promise<{ lab: Lab; release: () => void }> {
  const tools = await findLabTools(env);
  const holder = await startHolder(tools, env, { rootless });
  try {
    const hosts = hostsOf(checked);
    await runInside(tools, holder, layoutScript(hosts, tools), {
      what: 'lay out the lab',
      timeoutMs: layoutMs,
    });
    return { lab: new HeldLab(tools, holder, hosts), release: () => holder.release() };
  } catch (thrown) {
    await endHolder(holder);
    throw thrown;
  }
}

/** A lab that another process has made. Throws `LAB_UNSUPPORTED` and `LAB_TOOLS_MISSING`. */
export async function attachLab(checked: CheckedLab, holder: Holder, env: NodeJS.ProcessEnv): Promise<Lab> {
  return new HeldLab(await findLabTools(env), holder, hostsOf(checked));
}

class HeldLab implements Lab {
  readonly hosts: readonly LabHost[];
  readonly holder: Holder;
  readonly #tools: LabTools;

  constructor(tools: LabTools, holder: Holder, hosts: readonly LabHost[]) {
    this.#tools = tools;
    this.holder = holder;
    this.hosts = hosts;
  }

  address(host: string): string {
    return this.#find(host).address;
  }

  exec(host: string, argv: readonly string[], options: ProgramOptions = {}): ChildProcess {
    const machine = host === internet ? internet : this.#find(host).name;
    return startProgram(this.#tools, this.holder, machine, argv, options);
  }

  async cut(host: string, options: CutOptions = {}): Promise<void> {
    await this.#change(
      `cut ${host}`,
      cutText(this.#find(host), options, (name) => this.#find(name)),
    );
  }

  async heal(host: string, options: Omit<CutOptions, 'forMs'> = {}): Promise<void> {
    const found = this.#find(host);
    const cuts = await this.cuts();
    await this.#change(
      `heal ${host}`,
      healText(found, options, (name) => this.#find(name), cuts),
    );
  }

  async cuts(): Promise<Cut[]> {
    return readCuts(await this.#nft(`-j list table ip ${cutTableName}`, '', 'list the cuts'), this.hosts);
  }

  alive(): Promise<boolean> {
    return isAlive(this.holder);
  }

  close(): Promise<void> {
    return endHolder(this.holder);
  }

  async #change(what: string, transaction: string): Promise<void> {
    await this.#nft('-f -', transaction, what);
  }

  #nft(args: string, input: string, what: string): Promise<string> {
    const script = `exec '${this.#tools.nft}' ${args} <<'END'\n${input}\nEND\n`;
    return runInside(this.#tools, this.holder, script, { what, timeoutMs: changeMs });
  }

  #find(name: string): LabHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    throw new PosternError('LAB_NO_HOST', `the lab has no machine '${name}'`, {
      hint: `it has ${this.hosts.map((host) => host.name).join(', ')}`,
      exitCode: 2,
    });
  }
}
