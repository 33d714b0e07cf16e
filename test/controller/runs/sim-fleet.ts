import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Bus } from '../../../src/bus/bus.js';
import { subjects } from '../../../src/bus/subjects.js';
import { errorText, PosternError } from '../../../src/errors.js';
import { type FaultsServiceServer, FaultsServiceService } from '../../../src/gen/postern/v1/faults.js';
import {
  type Node,
  type NodesServiceServer,
  NodesServiceService,
} from '../../../src/gen/postern/v1/nodes.js';
import {
  type Test,
  type TestsServiceServer,
  TestsServiceService,
} from '../../../src/gen/postern/v1/tests.js';
import { simJournal } from './sim-journal.js';
import { type Behalf, type SimMade, SimNode } from './sim-node.js';

/** How a simulated fleet may be odd. */
export interface SimOptions {
  /** Asked before each command is answered, so that a step can be held up: `node`, method. */
  readonly before?: (node: string, method: string) => Promise<void>;
  /** Messages that nobody receives. */
  readonly lost?: (from: string, seq: number) => boolean;
  /** Tests that a node tells of beside its own. */
  readonly madeUp?: (node: string) => Test[];
}

/** A hub's door with simulated nodes behind it, which write real results to the bus. */
export class SimFleet {
  readonly nodes = new Map<string, SimNode>();
  readonly #bus: Bus;
  readonly #options: SimOptions;
  readonly #server = new Server();
  readonly #timers = new Set<NodeJS.Timeout>();
  address = '';

  private constructor(bus: Bus, names: readonly string[], options: SimOptions) {
    this.#bus = bus;
    this.#options = options;
    for (const [at, name] of names.entries()) this.nodes.set(name, new SimNode(name, (at % 5) * 700 - 1_400));
  }

  /** @param bus connected as hub */
  static async open(bus: Bus, names: readonly string[], options: SimOptions = {}): Promise<SimFleet> {
    const fleet = new SimFleet(bus, names, options);
    fleet.#server.addService(NodesServiceService, fleet.#nodesService());
    fleet.#server.addService(TestsServiceService, fleet.#testsService());
    fleet.#server.addService(FaultsServiceService, fleet.#faultsService());
    const port = await new Promise<number>((resolve, reject) =>
      fleet.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failed, bound) =>
        failed === null ? resolve(bound) : reject(failed),
      ),
    );
    fleet.address = `127.0.0.1:${port}`;
    return fleet;
  }

  /** What all nodes have done for a run, sorted. */
  done(): string[] {
    return [...this.nodes.values()].flatMap(({ name, done }) => done.map((what) => `${name} ${what}`)).sort();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.forceShutdown();
  }

  #nodesService(): UntypedServiceImplementation {
    const shown = (name: string): Node => ({
      ...{ name, state: 'connected.idle', labels: {}, createdAtMs: 0, lastSeenAtMs: 0, calls: 0 },
      ...{ instances: [], keys: [], tags: [] },
    });
    const service: Pick<NodesServiceServer, 'listNodes'> = {
      listNodes: (_, callback) => callback(null, { nodes: [...this.nodes.keys()].sort().map(shown) }),
    };
    return { ...service };
  }

  #faultsService(): UntypedServiceImplementation {
    const link = { kind: 'link', by: 'userspace', code: '', reason: '', scope: 'hub' };
    const capabilities = {
      ...{ nft: false, nftReason: 'it is simulated', kinds: [link], longestMs: 0, mostPerRun: 0 },
      ...{ relays: [], addresses: [] },
    };
    const service: Pick<
      FaultsServiceServer,
      'getFaultCapabilities' | 'checkFault' | 'armFault' | 'listFaults' | 'healAll'
    > = {
      getFaultCapabilities: this.#at('getFaultCapabilities', () => capabilities),
      checkFault: this.#at('checkFault', () => ({ by: 'userspace', code: '', reason: '' })),
      armFault: this.#at('armFault', (node, asked) => {
        if (node.faults.arm(asked)) node.done.push(`arms ${asked.fault}`);
        return { fault: undefined };
      }),
      listFaults: this.#at('listFaults', (node, { run }) => ({ faults: node.faults.list(run) })),
      healAll: this.#at('healAll', () => ({ faults: [] })),
    };
    return { ...service };
  }

  #testsService(): UntypedServiceImplementation {
    const service: Omit<TestsServiceServer, 'startTest'> = {
      getDaemon: this.#at('getDaemon', () => ({
        ...{ state: 'serving', target: '127.0.0.1:1', dialect: 'weshnet', peer: '', error: '' },
        ...{ pid: 0, port: true, rpc: true },
      })),
      getTime: this.#at('getTime', (node) => ({ nowMs: node.now() })),
      createGroup: this.#at('createGroup', (node, { name, command }) => ({
        group: node.group(command?.run ?? '', name),
        member: memberOf(node),
      })),
      createInvite: this.#at('createInvite', (_, { group }) => ({ invite: Buffer.from(group) })),
      joinGroup: this.#at('joinGroup', (node, { invite }) => ({
        group: Buffer.from(invite).toString(),
        member: memberOf(node),
      })),
      awaitReady: this.#at('awaitReady', () => ({})),
      createTest: this.#at('createTest', (node, { run, test, spec, settleMs }) => {
        if (spec === undefined) throw new PosternError('TEST_INVALID', 'there is no spec');
        node.create(run, test, spec, settleMs);
        return { test: undefined };
      }),
      armTest: this.#at('armTest', (node, { run, test, startAtMs, offsetMs }) => {
        const made = node.tests.get(`${run}/${test}`);
        if (made === undefined) throw new PosternError('TEST_UNKNOWN', `there is no test ${test}`);
        const isNew = made.startAtMs === undefined;
        node.arm(made, startAtMs, offsetMs);
        if (isNew) this.#finishLater(node, made);
        return { test: undefined };
      }),
      stopTest: this.#at('stopTest', (node, { run, test }) => {
        const made = node.tests.get(`${run}/${test}`);
        if (made !== undefined) this.#handOver(node, made).catch(told);
        return { test: undefined };
      }),
      listTests: this.#at('listTests', (node, { run }) => ({
        tests: [...node.list(run), ...(this.#options.madeUp?.(node.name) ?? [])],
      })),
    };
    return { ...service };
  }

  #finishLater(node: SimNode, made: SimMade): void {
    const { startAtMs = 0, spec, settleMs } = made;
    const endMs = startAtMs + Math.max(0, spec.amount - 1) * spec.intervalMs + settleMs + 30;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#handOver(node, made).catch(told);
      },
      Math.max(0, endMs - node.now()),
    );
    this.#timers.add(timer);
  }

  async #handOver(node: SimNode, made: SimMade): Promise<void> {
    const { run, test, spec, settleMs, journal, startAtMs = 0, offsetMs } = made;
    if (made.handedOver > 0) return;
    const senders = new Map(
      [...this.nodes.values()].flatMap(({ name, tests }) => {
        const other = tests.get(`${run}/${test}`);
        return other === undefined ? [] : [[name, other.spec.amount]];
      }),
    );
    const records = simJournal(
      { run, test, node: node.name, journal, spec, settleMs, startAtMs, offsetMs, senders },
      (from, seq) => from !== node.name && (this.#options.lost?.(from, seq) ?? false),
    );
    const chain = this.#bus.chain(subjects.results);
    let place = 0;
    for (let at = 0; at < records.length; at += 100) {
      const part = records.slice(at, at + 100);
      const body = { v: 1, test, after: at, last: at + part.length, crc: 0, records: part } as const;
      place = await chain.append({ run, node: node.name, journal }, { ...body, records: [...part] }, place);
    }
    made.handedOver = records.length;
  }

  /** A method of a node: who is asked stands in the metadata; a command is obeyed or refused first. */
  #at<Q extends object, R>(method: string, work: (node: SimNode, request: Q) => R): handleUnaryCall<Q, R> {
    return (call, callback) => {
      const run = async (): Promise<R> => {
        const name = call.metadata.get('x-postern-node')[0]?.toString() ?? '';
        const node = this.nodes.get(name);
        if (node === undefined) throw new PosternError('NODE_UNKNOWN', `there is no node ${name}`);
        if ('command' in call.request && isBehalf(call.request.command)) node.obey(call.request.command);
        await this.#options.before?.(name, method);
        return work(node, call.request);
      };
      run().then(
        (response) => callback(null, response),
        (thrown: unknown) => callback({ code: status.FAILED_PRECONDITION, details: errorText(thrown) }),
      );
    };
  }
}

function isBehalf(command: unknown): command is Behalf {
  return command instanceof Object && 'run' in command && 'term' in command;
}

function told(thrown: unknown): void {
  process.stderr.write(`simulated results were not stored: ${errorText(thrown)}\n`);
}

function memberOf({ name }: SimNode): { member: string; device: string } {
  return { member: `m-${name}`, device: `d-${name}` };
}
