import path from 'node:path';
import type { DaemonAdapter } from '../../../src/agent/adapters/adapter.js';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { GroupReplication } from '../../../src/agent/infra/replication.js';
import { TokenStage } from '../../accounts/token-server/stage.js';
import { DaemonProcess } from '../../support/daemon.js';
import { testLog } from '../../support/nats.js';

type TokenServer = Awaited<ReturnType<TokenStage['start']>>;

/** A token server, a replication node that takes its tokens, and a member. */
export class ReplicationStage {
  readonly tokens: TokenStage;
  readonly server: TokenServer;
  readonly node: DaemonProcess;
  readonly member: DaemonProcess;
  readonly #adapters: DaemonAdapter[] = [];
  #names = 0;

  private constructor(tokens: TokenStage, server: TokenServer, node: DaemonProcess, member: DaemonProcess) {
    this.tokens = tokens;
    this.server = server;
    this.node = node;
    this.member = member;
  }

  static async open(): Promise<ReplicationStage> {
    const tokens = await TokenStage.open();
    const key = await tokens.start();
    const [node, member] = await Promise.all([
      DaemonProcess.start(path.join(tokens.directory, 'node'), [
        ...['--role', 'replication', '--accept-key', key.publicKey],
      ]),
      DaemonProcess.start(path.join(tokens.directory, 'member')),
    ]);
    const server = await tokens.start({ services: new Map([['rpl', node.peerAddress]]) });
    return new ReplicationStage(tokens, server, node, member);
  }

  /** A further token server, whose tokens are for the node. */
  serve(more: Parameters<TokenStage['start']>[0] = {}): Promise<TokenServer> {
    return this.tokens.start({ services: new Map([['rpl', this.node.peerAddress]]), ...more });
  }

  /** What an agent beside the daemon at an address has. */
  part(address = String(this.member.process.ready.listen)): {
    part: GroupReplication;
    adapter: DaemonAdapter;
  } {
    const adapter = new BertyAdapter(address);
    this.#adapters.push(adapter);
    const identity = { peer: `peer ${this.#names++}` };
    const daemon = { identity, serving: () => Promise.resolve(adapter) };
    return { part: new GroupReplication({ daemon, allowed: [], log: testLog }), adapter };
  }

  /** How many entries of a group the replication node holds; undefined: it does not hold the group. */
  async held(group: string): Promise<number | undefined> {
    const { groups } = await this.node.status();
    return groups.find(({ groupPk }) => Buffer.from(groupPk).toString('base64url') === group)?.entries;
  }

  async close(): Promise<void> {
    for (const adapter of this.#adapters) adapter.close();
    await Promise.all([this.node.stop(), this.member.stop()]);
    await this.tokens.close();
  }
}
