import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { Networks } from '../../wire/networks.js';
import type { Enrolment } from '../enrol.js';
import type { NodeRegistry } from '../registry.js';
import type { TunnelRequest } from './request.js';

/** A node that may open tunnels without any secret, from some addresses alone. */
export interface LegacyGrant {
  readonly node: string;
  /** Addresses, or networks such as `10.1.0.0/16`. */
  readonly from: readonly string[];
}

/** Decides who may open a tunnel for which node. */
export class TunnelAdmission {
  readonly #enrolment: Pick<Enrolment, 'admit' | 'admitToken' | 'namesBoundKey' | 'namesBoundToken'>;
  readonly #registry: Pick<NodeRegistry, 'bindKey'>;
  readonly #legacy = new Map<string, Networks>();
  readonly #log: Logger;

  constructor(options: {
    enrolment: Pick<Enrolment, 'admit' | 'admitToken' | 'namesBoundKey' | 'namesBoundToken'>;
    registry: Pick<NodeRegistry, 'bindKey'>;
    legacy: readonly LegacyGrant[];
    log: Logger;
  }) {
    this.#enrolment = options.enrolment;
    this.#registry = options.registry;
    this.#log = options.log;
    for (const { node, from } of options.legacy) {
      const list = this.#legacy.get(node) ?? new Networks([]);
      for (const text of from) list.add(text);
      this.#legacy.set(node, list);
    }
  }

  /**
   * Whether a request names a key or a token that is the node's already, or comes from where it needs none; proves
   * nothing.
   */
  knows({ node, token, proof }: TunnelRequest, from: string): boolean {
    if (proof !== undefined) return this.#enrolment.namesBoundKey({ node, key: proof.key });
    if (token !== undefined) return this.#enrolment.namesBoundToken(node, token);
    return this.#grants(node, from);
  }

  /**
   * Resolves to the key that the tunnel is opened with, or what stands for it. Throws `PosternError` `INVALID`,
   * `UNAUTHENTICATED`, or what `Enrolment.admit` throws.
   */
  async admit({ node, token, proof }: TunnelRequest, from: string): Promise<string> {
    if (proof !== undefined) {
      await this.#enrolment.admit({ node, ...proof, ...(token === undefined ? {} : { token }) });
      return proof.key;
    }
    if (token !== undefined) return this.#enrolment.admitToken(node, token);
    if (!this.#grants(node, from)) {
      throw new PosternError(
        'UNAUTHENTICATED',
        `node '${node}' shows neither a join token nor a key: send authorization: Bearer TOKEN, or ?token=TOKEN`,
      );
    }
    this.#log.warn({ node, from }, 'a node without any secret is let in by a legacy grant');
    const key = `legacy-${node}`;
    await this.#registry.bindKey(node, key, 'legacy', Date.now());
    return key;
  }

  #grants(node: string, from: string): boolean {
    return this.#legacy.get(node)?.has(from) === true;
  }
}
