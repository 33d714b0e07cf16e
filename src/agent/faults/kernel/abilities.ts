import { errorText } from '../../../errors.js';
import type { Refusal } from '../injection.js';
import { type Disturbance, tableName, tableText } from './cut-table.js';
import type { NftSkill } from './disturbance.js';
import { runNft } from './nft.js';
import { findProgram, programDirectories, runProgram } from './programs.js';
import { tryQdisc } from './try-qdisc.js';

/** Queueing disciplines that faults use: one that limits a rate, and one that emulates networks. */
export type QdiscKind = 'tbf' | 'netem';

/** iproute2's programs, where this agent may use them. */
export interface NetTools {
  readonly ip: string;
  readonly tc: string;
}

/** Finds out what the kernel here can do for this agent, each once, until it is forgotten. Nothing of this machine is changed. */
export class KernelAbilities {
  readonly #owner: string;
  readonly #directories: readonly string[];
  readonly #nfts = new Map<NftSkill, Promise<string | Refusal>>();
  readonly #qdiscs = new Map<QdiscKind, Promise<NetTools | Refusal>>();
  readonly #netTools = new Map<'', Promise<NetTools | Refusal>>();

  /** `directories`: where programs are looked for; default: on PATH, and where administrators have them. */
  constructor(owner: string, directories: readonly string[] = programDirectories(process.env)) {
    this.#owner = owner;
    this.#directories = directories;
  }

  /** Looks again when it is asked next. */
  forget(): void {
    for (const found of [this.#nfts, this.#qdiscs, this.#netTools]) found.clear();
  }

  /** Where nft is, when it can do this here; else why not. */
  nft(skill: NftSkill): Promise<string | Refusal> {
    return once(this.#nfts, skill, () => this.#nft(skill));
  }

  /** Where ip and tc are, when this agent may change interfaces; else why not. */
  tools(): Promise<NetTools | Refusal> {
    return once(this.#netTools, '', () => this.#tools());
  }

  /** Where ip and tc are, when the kernel has such a queueing discipline too; else why not. */
  qdisc(kind: QdiscKind): Promise<NetTools | Refusal> {
    return once(this.#qdiscs, kind, async () => {
      const tools = await this.tools();
      if ('code' in tools) return tools;
      const why = await tryQdisc(tools, kind, this.#directories);
      return why === undefined ? tools : unsupported(why);
    });
  }

  async #nft(skill: NftSkill): Promise<string | Refusal> {
    const elsewhere = notLinux('packets are dropped by nftables');
    if (elsewhere !== undefined) return elsewhere;
    const nft = await findProgram(this.#directories, 'nft');
    if (nft === undefined) return unsupported('nft was not found on PATH (Debian: apt install nftables)');
    const table = tableName(this.#owner, `probe ${process.pid} ${skill}`);
    // A lease that ends at once, of addresses that are nobody's; gone again in the same transaction.
    const nobody: Disturbance = {
      does: skill === 'drop' ? 'drop' : skill === 'reject' ? 'reset' : { dropsShare: 0.5 },
      ...{ direction: 'both', hit: ['192.0.2.1', '2001:db8::1'], spared: [] },
    };
    try {
      await runNft(nft, `${tableText(table, nobody, 1)}delete table inet ${table}\n`);
      return nft;
    } catch (thrown) {
      const why = errorText(thrown);
      return unsupported(
        skill === 'drop' || isForbidden(why)
          ? `${why}; dropping packets needs the right to administer this network (CAP_NET_ADMIN: root)`
          : `${why}; it needs the kernel's ${skill === 'reject' ? 'nft_reject_inet' : 'nft_numgen'} (modprobe it)`,
      );
    }
  }

  async #tools(): Promise<NetTools | Refusal> {
    const elsewhere = notLinux('interfaces are disturbed by ip and tc');
    if (elsewhere !== undefined) return elsewhere;
    const [ip, tc] = await Promise.all(['ip', 'tc'].map((name) => findProgram(this.#directories, name)));
    if (ip === undefined || tc === undefined) {
      const missing = ip === undefined ? 'ip' : 'tc';
      return unsupported(`${missing} was not found on PATH (Debian: apt install iproute2)`);
    }
    try {
      // Of the group of interfaces that has this number there are none: who has no right to do it is told so all the same.
      await runProgram(ip, ['link', 'set', 'group', String(nobodysGroup), 'up']);
      return { ip, tc };
    } catch (thrown) {
      const why = errorText(thrown);
      return unsupported(
        isForbidden(why)
          ? 'changing interfaces needs the right to administer this network (CAP_NET_ADMIN: root)'
          : `${why}; it needs ip of iproute2 (Debian: apt install iproute2)`,
      );
    }
  }
}

function once<K, T>(found: Map<K, Promise<T>>, key: K, look: () => Promise<T>): Promise<T> {
  const looking = found.get(key) ?? look();
  found.set(key, looking);
  return looking;
}

const nobodysGroup = 1_903_260_017;

function isForbidden(why: string): boolean {
  return /not permitted|permission denied/i.test(why);
}

function notLinux(what: string): Refusal | undefined {
  if (process.platform === 'linux') return undefined;
  return unsupported(`${what} of Linux, and this is ${process.platform}`);
}

function unsupported(message: string): Refusal {
  return { code: 'UNSUPPORTED', message };
}
