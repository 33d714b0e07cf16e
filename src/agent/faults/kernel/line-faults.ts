import { PosternError } from '../../../errors.js';
import { type Guard, guarded } from '../guarded.js';
import type { HubPlaces } from '../hub-places.js';
import type { Ability, Act, Asked, Injection, Refusal } from '../injection.js';
import { isOwn } from '../process/listening.js';
import type { KernelAbilities, NetTools, QdiscKind } from './abilities.js';
import { type NetInterface, readInterface, routeTo } from './interfaces.js';
import { readLinkState } from './link-state.js';
import { runProgram } from './programs.js';
import { addQdisc, checkFree, handleOf, qdiscWords, rootQdisc } from './qdisc.js';

/** What disturbances of whole interfaces need. */
export interface LineFaultsOptions extends Guard {
  readonly places: HubPlaces;
  readonly abilities: KernelAbilities;
  /** What tells this agent's queueing disciplines from those of others. */
  readonly owner: string;
}

/** An interface, and the programs that act on it. */
export interface Line {
  readonly tools: NetTools;
  readonly device: NetInterface;
}

/** Puts a network interface down, or has its packets go through a queueing discipline that disturbs them. */
export class LineFaults {
  readonly #options: LineFaultsOptions;
  /** Interfaces that are disturbed now, each by the fault of this name. */
  readonly #acting = new Map<string, string>();

  constructor(options: LineFaultsOptions) {
    this.#options = options;
  }

  async ability(act: Act): Promise<Ability> {
    const found = await this.line(act);
    if ('code' in found) return found;
    if (act.kind === 'interface') return { by: 'ip' };
    try {
      if (!this.#acting.has(found.device.name)) {
        checkFree(found.device.name, await rootQdisc(found.tools.tc, found.device.name));
      }
    } catch (thrown) {
      // One of another fault may be over when this one comes.
      if (!(thrown instanceof PosternError) || thrown.code !== 'FAULT_BUSY') return refusal(thrown);
    }
    return { by: kindOf(act) };
  }

  /** The interface of an act, which is there and may be disturbed; else why it cannot be. */
  async line(act: Act): Promise<Line | Refusal> {
    const { kind, shape } = act;
    const { abilities } = this.#options;
    const wrong = kind === 'interface' ? cannotPart(act) : cannotShape(act);
    if (wrong !== undefined) return unsupported(wrong);
    const tools = kind === 'interface' ? await abilities.tools() : await abilities.qdisc(kindOf(act));
    if ('code' in tools) return tools;
    const name = shape.interface === '' ? await this.#towardsHub(tools) : shape.interface;
    if (name === undefined) {
      return unsupported(
        'the hub is on this machine, or no interface leads to it: say which interface is meant',
      );
    }
    const device = await readInterface(tools.ip, name).catch(refusal);
    if (device === undefined) return unsupported(`there is no interface ${name} on this machine`);
    if ('code' in device) return device;
    if (device.isLoopback) return unsupported(`${name} is loopback, which no fault touches`);
    if (kind === 'interface' && device.carries.length > 0) {
      return unsupported(
        `${device.carries.join(', ')} would go down with ${name}, and lose routes for good: say one of them instead`,
      );
    }
    return { tools, device };
  }

  /** Disturbs. Throws `FAULT_BUSY`, `UNSUPPORTED`, and what went wrong; then nothing of it is left. */
  async inject(asked: Asked): Promise<Injection> {
    const line = await this.line(asked);
    if ('code' in line) throw new PosternError(line.code, line.message);
    const { name } = line.device;
    const rival = this.#acting.get(name);
    if (rival !== undefined) {
      throw new PosternError('FAULT_BUSY', `the fault ${rival} has the interface ${name}`);
    }
    this.#acting.set(name, asked.name);
    const over = () => {
      this.#acting.delete(name);
    };
    try {
      return await (asked.kind === 'interface'
        ? this.#down(asked, line, over)
        : this.#shape(asked, line, over));
    } catch (thrown) {
      over();
      throw thrown;
    }
  }

  async #down(asked: Asked, { tools: { ip }, device }: Line, over: () => void): Promise<Injection> {
    if (!device.isUp) {
      throw new PosternError('FAULT_FAILED', `the interface ${device.name} is down already`);
    }
    const state = await readLinkState(ip, device);
    const put = async (): Promise<void> => {
      await runProgram(ip, ['link', 'set', 'dev', device.name, 'down'], { code: 'IP_FAILED' });
    };
    return guarded(this.#options, asked, { do: 'link-up', ip, state }, put, { by: 'ip', over });
  }

  async #shape(asked: Asked, { tools: { tc }, device }: Line, over: () => void): Promise<Injection> {
    checkFree(device.name, await rootQdisc(tc, device.name));
    const handle = handleOf(this.#options.owner, asked.name);
    const qdisc = qdiscWords(asked, device.mtu);
    const injection = await guarded(
      this.#options,
      asked,
      { do: 'drop-qdisc', tc, device: device.name, handle },
      () => addQdisc(tc, device.name, handle, qdisc),
      { by: qdisc.kind, over },
    );
    return { ...injection, dropped: async () => (await rootQdisc(tc, device.name))?.drops ?? 0 };
  }

  async #towardsHub({ ip }: NetTools): Promise<string | undefined> {
    for (const address of await this.#options.places.addresses()) {
      if (isOwn(address)) continue;
      const route = await routeTo(ip, address);
      if (route !== undefined) return route.device;
    }
    return undefined;
  }
}

/** Which queueing discipline does it. */
export function kindOf({ kind }: Act): QdiscKind {
  return kind === 'rate' ? 'tbf' : 'netem';
}

/** Why an interface cannot be put down so. */
function cannotPart({ shape: { from, direction } }: Act): string | undefined {
  if (from.length === 0 && direction === 'both') return undefined;
  return 'an interface is down for all, and in both directions: leave out nodes and direction';
}

/** Why an interface's queue cannot do it. */
function cannotShape({ kind, shape }: Act): string | undefined {
  const { scope, from, direction } = shape;
  if (scope !== 'host') {
    return `the kernel does ${kind} with all that an interface sends: say scope host, or give the agent relays (--daemon-relay)`;
  }
  if (from.length > 0) return `the kernel does ${kind} with all that an interface sends, not towards some`;
  if (direction === 'in') return `the kernel does ${kind} with what is sent, not with what comes`;
  return undefined;
}

function unsupported(message: string): Refusal {
  return { code: 'UNSUPPORTED', message };
}

function refusal(thrown: unknown): Refusal {
  const code = thrown instanceof PosternError ? thrown.code : 'UNSUPPORTED';
  return { code, message: thrown instanceof Error ? thrown.message : String(thrown) };
}
