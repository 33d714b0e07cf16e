import { PosternError } from '../../../errors.js';
import type { Logger } from '../../../log.js';
import type { GuardianLink } from '../guardian-link.js';
import type { HubPlaces } from '../hub-places.js';
import type { Ability, Act, Asked, Injection, Injector, Proving, Refusal } from '../injection.js';
import type { UndoShelf } from '../undo-shelf.js';
import { KernelAbilities } from './abilities.js';
import { tableName } from './cut-table.js';
import { cannotTell, nftSkillOf } from './disturbance.js';
import { dropCanary } from './drop-canary.js';
import { provingLine, provingPackets } from './kernel-canaries.js';
import { LineFaults } from './line-faults.js';
import { NftCuts } from './nft-cuts.js';

/** What faults that the kernel does need. */
export interface KernelFaultsOptions {
  readonly places: HubPlaces;
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
  /** What tells what this agent makes in the kernel from what others do. */
  readonly owner: string;
  /** Where the daemon listens now. */
  readonly target: () => string;
  /** Where programs are looked for; default: on PATH, and where administrators have them. */
  readonly directories?: readonly string[];
  readonly log: Logger;
}

/** Kinds that are done with all that an interface sends. */
const ofLines = new Set<Act['kind']>(['interface', 'rate', 'delay', 'duplicate', 'reorder']);

/** Faults that the kernel does: with packets by nftables, with whole interfaces by ip and tc. */
export class KernelFaults implements Injector {
  readonly #options: KernelFaultsOptions;
  readonly #abilities: KernelAbilities;
  readonly #cuts: NftCuts;
  readonly #lines: LineFaults;

  constructor(options: KernelFaultsOptions) {
    this.#options = options;
    this.#abilities = new KernelAbilities(options.owner, options.directories);
    this.#cuts = new NftCuts(options);
    this.#lines = new LineFaults({ ...options, abilities: this.#abilities });
  }

  /** Where nft is, when packets can be dropped with it; else why not. */
  nft(): Promise<string | Refusal> {
    return this.#abilities.nft('drop');
  }

  lookAnew(): void {
    this.#abilities.forget();
  }

  async ability(act: Act): Promise<Ability> {
    const way = await this.#wayOf(act);
    if ('code' in way) return way;
    return way.nft === undefined ? this.#lines.ability(act) : { by: 'nft' };
  }

  async prepare(act: Act): Promise<() => void> {
    return 'by' in (await this.ability(act)) ? this.#options.guardian.atHand() : () => {};
  }

  async proving(act: Act, name: string): Promise<Proving> {
    const nothing: Proving = { canaries: [], expects: { sees: 'nothing' } };
    try {
      const way = await this.#wayOf(act);
      if ('code' in way) return nothing;
      const tools = await this.#abilities.tools();
      const sources = { ...this.#options, ip: 'code' in tools ? undefined : tools.ip };
      if (way.nft !== undefined) {
        const table = tableName(this.#options.owner, name);
        const drops = dropCanary(way.nft, table, act.shape.direction);
        return await provingPackets(act, sources, drops);
      }
      const line = await this.#lines.line(act);
      return 'code' in line ? nothing : await provingLine(act, line, sources);
    } catch (thrown) {
      this.#options.log.debug({ err: thrown }, 'what proves a fault was not found');
      return nothing;
    }
  }

  async inject(asked: Asked): Promise<Injection> {
    const way = await this.#wayOf(asked);
    if ('code' in way) throw new PosternError(way.code, way.message);
    return way.nft === undefined ? this.#lines.inject(asked) : this.#cuts.cut(way.nft, asked);
  }

  /** The nft that does it; without one it is done with an interface. Else why it is not done. */
  async #wayOf(act: Act): Promise<{ readonly nft: string | undefined } | Refusal> {
    if (ofLines.has(act.kind)) return { nft: undefined };
    const skill = nftSkillOf(act);
    if (skill === undefined) {
      return {
        code: 'UNSUPPORTED',
        message: `the kernel cannot do ${act.kind}: relays can (--daemon-relay)`,
      };
    }
    const nft = await this.#abilities.nft(skill);
    if (typeof nft !== 'string') {
      // netem loses what is sent, and all that an interface sends.
      const { direction, scope, from } = act.shape;
      const isLine = act.kind === 'loss' && direction === 'out' && scope === 'host' && from.length === 0;
      return isLine && 'tc' in (await this.#abilities.qdisc('netem')) ? { nft: undefined } : nft;
    }
    const { places } = this.#options;
    const hub = await places.addresses();
    return cannotTell(act, hub, places.areElsewhere(hub)) ?? { nft };
  }
}
