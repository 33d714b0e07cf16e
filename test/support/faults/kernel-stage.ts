import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../../../src/errors.js';
import { type FaultKind, type FaultShape, plainShape } from '../../../src/fault-kinds.js';
import { layIPv6 } from '../lab/ipv6.js';
import { LabStage, labEnv } from '../lab/stage.js';
import { compiledRoot, eventually, type RunningProcess } from '../processes.js';
import type { Exhibit, Exhibited } from './exhibit.js';

/** A fault that was made, and is over. */
export type Acted = Extract<Exhibited, { readonly by: string }>;

const acting = join(compiledRoot, 'test/support/faults/acting.js');
const port = 4000;

/** A table of somebody else, with an element that lasts for a while. */
const foreign = `table inet theirs {
  set friends { type ipv4_addr; flags timeout; elements = { 192.0.2.99 timeout 1h } }
  chain out { type filter hook output priority 0; policy accept; ip daddr @friends counter drop; }
}
`;

/** A lab of three machines and the hub's, on one of which faults are made; it has a foreign table of nftables, and another interface. */
export class KernelStage {
  readonly #stage: LabStage;
  /** Directories of makers that were killed. */
  readonly #left: string[] = [];
  /** What answers on the machine of the peer, and tells of each datagram. */
  readonly peer: RunningProcess;
  readonly #address: (host: string) => string;

  private constructor(stage: LabStage, peer: RunningProcess, address: (host: string) => string) {
    this.#stage = stage;
    this.peer = peer;
    this.#address = address;
  }

  /** `ipv6`: hub, peer and daemon are there by IPv6 alone. */
  static async open(options: { readonly rootless?: boolean; readonly ipv6?: boolean }): Promise<KernelStage> {
    const nodes = { north: { public: true }, peer: { public: true } };
    const { ipv6 = false, ...how } = options;
    const stage = await LabStage.open({ nodes }, how);
    const addresses = ipv6 ? await layIPv6(stage) : new Map<string, string>();
    const address = (host: string) => addresses.get(host) ?? stage.lab.address(host);
    const [peer] = await Promise.all(
      ['peer', 'hub'].map((host) => stage.echo(host, port, addresses.get(host))),
    );
    if (peer === undefined) throw new Error('there is no peer');
    const kernel = new KernelStage(stage, peer, address);
    await kernel.run(['nft', '-f', '-'], foreign);
    await kernel.run(['ip', 'link', 'add', 'name', 'spare0', 'type', 'veth', 'peer', 'name', 'spare1']);
    for (const name of ['spare0', 'spare1']) await kernel.run(['ip', 'link', 'set', 'dev', name, 'up']);
    await kernel.run(['ip', 'addr', 'add', '2001:db8:5::2/64', 'dev', 'wan', 'nodad']);
    await kernel.run(['ip', '-6', 'route', 'add', 'default', 'via', '2001:db8:5::1', 'dev', 'wan']);
    await eventually('the addresses of IPv6 are nobody else’s', async () => {
      return !(await kernel.run(['ip', 'addr', 'show'])).includes('tentative');
    });
    return kernel;
  }

  /** Where the peer is. */
  get peerAddress(): string {
    return this.#address('peer');
  }

  /** The peer, as a fault names it. */
  get peerAsNamed(): FaultShape['from'] {
    return [{ node: 'peer', addresses: [this.peerAddress] }];
  }

  /** Runs a program on the machine of the faults; it must succeed. */
  async run(argv: readonly string[], input = ''): Promise<string> {
    const env = await labEnv();
    const { code, stdout, stderr } = await this.#stage.run('north', argv, { env, input });
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Makes a fault, with traffic. */
  async act(kind: FaultKind, shape: Partial<FaultShape>, options: Partial<Exhibit> = {}): Promise<Exhibited> {
    const directory = await mkdtemp(join(tmpdir(), 'postern-kernel-'));
    try {
      const exhibit = this.#exhibit(kind, shape, { directory, ...options });
      const { code, stdout, stderr } = await this.#acting(exhibit);
      assert.equal(code, 0, stderr);
      const exhibited: Exhibited = JSON.parse(stdout);
      return exhibited;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Makes a fault whose maker is killed at once; resolves to the state of the machine then. */
  async dying(kind: FaultKind, shape: Partial<FaultShape>): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'postern-kernel-'));
    this.#left.push(directory);
    const exhibit = this.#exhibit(kind, shape, { directory, forMs: 60_000, dies: true });
    // Who is killed has no status.
    const killed = await this.#acting(exhibit).catch(errorText);
    const said = typeof killed === 'string' ? killed : killed.stdout;
    assert.match(said, /qdisc show/);
    return said;
  }

  /** What faults could change for good, of the machine of the faults. */
  async state(): Promise<string> {
    const asked = [
      ['nft', 'list', 'ruleset'],
      ['tc', 'qdisc', 'show'],
      ['ip', 'addr', 'show'],
    ];
    const routes = [
      ['ip', 'route', 'show', 'table', 'all'],
      ['ip', '-6', 'route', 'show', 'table', 'all'],
    ];
    const said = [];
    for (const argv of [...asked, ...routes]) said.push(`${argv.join(' ')}\n${await this.run(argv)}`);
    return lasting(said.join('\n'));
  }

  async #acting(exhibit: Exhibit): ReturnType<LabStage['run']> {
    return this.#stage.run('north', [process.execPath, acting], {
      env: await labEnv(),
      input: JSON.stringify(exhibit),
      timeoutMs: 90_000,
    });
  }

  #exhibit(
    kind: FaultKind,
    shape: Partial<FaultShape>,
    options: Partial<Exhibit> & Pick<Exhibit, 'directory'>,
  ): Exhibit {
    return {
      ...{ forMs: 3_000, datagrams: 20, bulk: 0, rival: false, meanwhile: [], settleMs: 0 },
      dies: false,
      hub: { host: this.#address('hub'), port },
      peer: { host: this.peerAddress, port },
      act: { kind, shape: { ...plainShape(kind), ...shape } },
      ...options,
    };
  }

  /** Makes one that is not refused, and after which the machine is as it was. */
  async acted(...asked: Parameters<KernelStage['act']>): Promise<Acted> {
    const exhibited = await this.act(...asked);
    if (exhibited.refused !== undefined) assert.fail(exhibited.refused.message);
    const { before, after } = exhibited.states;
    assert.equal(lasting(after), lasting(before), 'what was there before is there afterwards');
    return exhibited;
  }

  async close(): Promise<void> {
    await this.#stage.close();
    for (const directory of this.#left) await rm(directory, { recursive: true, force: true });
  }
}

/** Without the time that elements have left, what counters have counted, and the order in which routes came. */
export function lasting(state: string): string {
  const text = state.replace(/expires \w+/g, '').replace(/packets \d+ bytes \d+/g, '');
  const at = text.indexOf('route show');
  return `${text.slice(0, at)}${text.slice(at).split('\n').sort().join('\n')}`;
}
