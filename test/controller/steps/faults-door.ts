import { type Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { NodeCalls } from '../../../src/controller/nodes/node-calls.js';
import {
  type CheckFaultRequest,
  type FaultRelay,
  FaultsServiceService,
  type GetFaultCapabilitiesResponse,
} from '../../../src/gen/postern/v1/faults.js';

/** A node as far as faults are checked there. */
export interface CheckedNode {
  readonly addresses?: readonly string[];
  /** Names of nodes that it has relays to. */
  readonly relays?: readonly string[];
  /** By what it does a kind; others it refuses. Absent: all, by `relay`. */
  readonly by?: Readonly<Record<string, string>>;
  /** An agent of a release that knew no shapes. */
  readonly earlier?: true;
}

/** A door with agents behind it that are asked what faults they can make. */
export class FaultsDoor {
  readonly calls: NodeCalls;
  /** Each request for a check, with the node that it came to. */
  readonly checked: ({ readonly node: string } & CheckFaultRequest)[] = [];
  readonly #server: Server;

  private constructor(server: Server, calls: NodeCalls) {
    this.#server = server;
    this.calls = calls;
  }

  static async open(nodes: Readonly<Record<string, CheckedNode>>): Promise<FaultsDoor> {
    const server = new Server();
    let port = 0;
    const calls = new NodeCalls(async () => ({
      address: `127.0.0.1:${port}`,
      from: 'the test',
      token: undefined,
    }));
    const door = new FaultsDoor(server, calls);
    const { getFaultCapabilities, checkFault } = FaultsServiceService;
    server.addService(
      { getFaultCapabilities, checkFault },
      {
        getFaultCapabilities: ({ metadata }: Call, callback: Answer) =>
          callback(null, capabilities(nodes[nodeOf(metadata)] ?? {})),
        checkFault: ({ metadata, request }: Call & { request: CheckFaultRequest }, callback: Answer) => {
          const name = nodeOf(metadata);
          const node = nodes[name] ?? {};
          if (node.earlier) return callback({ code: status.UNIMPLEMENTED, details: 'unknown method' });
          door.checked.push({ node: name, ...request });
          const by = node.by === undefined ? 'relay' : (node.by[request.kind] ?? '');
          const refused = { code: 'UNSUPPORTED', reason: `it has nothing for ${request.kind}` };
          callback(null, by === '' ? { by, ...refused } : { by, code: '', reason: '' });
        },
      },
    );
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failed, bound) =>
        failed === null ? resolve(bound) : reject(failed),
      ),
    );
    return door;
  }

  close(): void {
    this.calls.close();
    this.#server.forceShutdown();
  }
}

interface Call {
  readonly metadata: Metadata;
}
type Answer = (error: Partial<ServiceError> | null, response?: object) => void;

function nodeOf(metadata: Metadata): string {
  return String(metadata.get('x-postern-node')[0]);
}

function capabilities({ addresses = [], relays = [], by = {} }: CheckedNode): GetFaultCapabilitiesResponse {
  const relay = (node: string): FaultRelay => ({ node, protocol: 'tcp', listen: '', target: '' });
  return {
    ...{ nft: false, nftReason: '', longestMs: 3_600_000, mostPerRun: 1_000 },
    addresses: [...addresses],
    relays: relays.map(relay),
    kinds: Object.entries(by).map(([kind, how]) => ({ kind, by: how, code: '', reason: '', scope: '' })),
  };
}
