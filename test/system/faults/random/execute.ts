import { rm } from 'node:fs/promises';
import path from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { bringWorld } from '../../../../src/cli/providers/bring-world.js';
import { RunsCalls } from '../../../../src/cli/runs/runs-calls.js';
import { messagesOf, unary } from '../../../../src/client/call-failed.js';
import { connectHub, type HubConnection } from '../../../../src/client/hub-connection.js';
import type { Judgement } from '../../../../src/controller/judging/judgement.js';
import { judgementSchema } from '../../../../src/controller/report/judgement-schema.js';
import { readScenario } from '../../../../src/controller/scenario/read-scenario.js';
import {
  FaultsServiceClient,
  type GetFaultCapabilitiesResponse,
} from '../../../../src/gen/postern/v1/faults.js';
import type { WatchRunResponse } from '../../../../src/gen/postern/v1/runs.js';
import { ProtocolServiceClient } from '../../../../src/gen/weshnet/protocol/v1/protocol.js';
import {
  type GroupMessageEvent,
  GroupMessageList_Request,
} from '../../../../src/gen/weshnet/protocol/v1/types.js';
import { testLog } from '../../../support/nats.js';
import { convergedLogs, resultsIn } from '../../rehearsal/account.js';
import { type Echoed, echo, Numbers } from './datagrams.js';
import { type DrawnPlan, drawPlan, nodes, type PlanGround, scenarioText } from './draw.js';
import { GroupLookout } from './group-lookout.js';
import { type Known, misdeedsIn } from './truth.js';

/** Every run has this name in a world of its own. */
const run = 'r1';
/** By what faults are made here. */
const ways: Readonly<Record<PlanGround, ReadonlySet<string>>> = {
  // What acts on this machine's processes, on relays and on connections of agents: on nothing that is not ours.
  local: new Set(['signal', 'faketime', 'relay', 'userspace']),
  // Each node has a network of its own.
  lab: new Set(['signal', 'faketime', 'nft', 'tbf', 'netem', 'ip']),
};

/** A plan as it was executed. */
export interface Executed {
  readonly plan: DrawnPlan;
  readonly judgement: Judgement;
  /** Of each test, the control one too. */
  readonly known: readonly Known[];
  /** By node: what became of datagrams that went through a relay of its agent to nobody's daemon all the time; none in a lab. */
  readonly echoed: ReadonlyMap<string, Echoed>;
}

/** Executes the plan of a seed in a world of its own, which is gone when this resolves. */
export async function execute(seed: number, env: NodeJS.ProcessEnv, ground: PlanGround): Promise<Executed> {
  const calm = drawPlan(seed, new Set(), ground);
  const isLocal = ground === 'local';
  // A world whose daemons reach each other through relays, as this one's fault wants it, can do most.
  const parted = isLocal ? { ...calm, faults: [{ partition: 'ring', for: '1s' }] } : calm;
  const far = await echo();
  const world = await bringWorld(readScenario(scenarioText(parted), 'plan.yaml'), {
    ...{ provider: ground, seed: String(seed), log: testLog, env },
    ...(isLocal ? { relay: `far@udp:127.0.0.1:0=127.0.0.1:${far.address().port}` } : {}),
  });
  const hubData = path.join(world.directory, 'hub');
  try {
    const connection = await connectHub(world.hub, 10_000);
    try {
      const plan = drawPlan(seed, await ableHere(connection, ground), ground);
      const talks = isLocal ? await numbersOf(connection) : new Map<string, Numbers>();
      const { judgement, group } = await conduct(connection, plan);
      const echoed = new Map<string, Echoed>();
      for (const [node, numbers] of talks) echoed.set(node, await numbers.end());
      const misdeeds = await misdeedsIn(world.nodes.map(({ truth }) => truth));
      const logs = new Map<string, Known['logs']>();
      for (const { test } of judgement.plan.tests) logs.set(test, await logsOf(connection, group, test));
      // The bus of a lab's hub is in the lab; what is on disk is read when it is gone.
      if (!isLocal) await world.stop({ keepFiles: true });
      const results = await resultsIn(hubData, isLocal);
      const known = judgement.plan.tests.map(({ test, amount }) => {
        return { test, amount, results, logs: logs.get(test) ?? new Map(), misdeeds };
      });
      return { plan, judgement, known, echoed };
    } finally {
      connection.close();
    }
  } finally {
    await world.stop();
    await rm(world.directory, { recursive: true, force: true, maxRetries: 3 });
    far.close();
  }
}

/** What agents can do without what else is on this machine. */
async function ableHere(connection: HubConnection, ground: PlanGround): Promise<Set<string>> {
  const { kinds } = await capabilities(connection, nodes[0]);
  return new Set(
    kinds
      .filter(({ by, scope }) => ways[ground].has(by) && (ground === 'lab' || scope !== 'host'))
      .map(({ kind, scope }) => `${kind} ${scope}`),
  );
}

/** Numbers that go through the relay of UDP of each agent from now on. */
async function numbersOf(connection: HubConnection): Promise<Map<string, Numbers>> {
  const places = await Promise.all(
    nodes.map(async (node) => {
      const { relays } = await capabilities(connection, node);
      return [node, relays.find(({ protocol }) => protocol === 'udp')?.listen ?? ''] as const;
    }),
  );
  return new Map(places.map(([node, listen]) => [node, new Numbers(listen)]));
}

function capabilities(connection: HubConnection, node: string): Promise<GetFaultCapabilitiesResponse> {
  const client = new FaultsServiceClient(connection.target.address, credentials.createInsecure(), {
    channelOverride: connection.client.getChannel(),
  });
  return unary<GetFaultCapabilitiesResponse>((done) =>
    client.getFaultCapabilities({}, connection.metadata(node), done),
  );
}

async function conduct(
  connection: HubConnection,
  plan: DrawnPlan,
): Promise<{ judgement: Judgement; group: string }> {
  const calls = new RunsCalls(connection);
  const groups = new GroupLookout(connection, { run, node: nodes[0] });
  const about = { scenario: scenarioText(plan), file: 'plan.yaml', seed: String(plan.seed) };
  await calls.start({ ...about, run, provider: '', replayJson: '' });
  let told: WatchRunResponse | undefined;
  for await (const message of messagesOf<WatchRunResponse>(calls.watch(run))) told = message;
  const group = await groups.end();
  if ((told?.run?.planHash ?? '') === '') throw new Error(`it has no plan: ${told?.run?.reasons.join('; ')}`);
  const json = await calls.report({ run, format: 'json', rulesJson: '' });
  return { judgement: judgementSchema.parse(JSON.parse(json)), group };
}

/** What the daemons have of a test in the end, by node, as their own logs say through the hub. */
async function logsOf(connection: HubConnection, group: string, test: string): Promise<Known['logs']> {
  const readers = new Map(nodes.map((node) => [node, new LogReader(connection, node)]));
  return convergedLogs(readers, group, test, run);
}

/** Reads the log of a node's daemon. */
class LogReader {
  readonly #client: ProtocolServiceClient;
  readonly #connection: HubConnection;
  readonly #node: string;

  constructor(connection: HubConnection, node: string) {
    this.#connection = connection;
    this.#node = node;
    this.#client = new ProtocolServiceClient(connection.target.address, credentials.createInsecure(), {
      channelOverride: connection.client.getChannel(),
    });
  }

  async messages(groupPk: Uint8Array): Promise<GroupMessageEvent[]> {
    const request = GroupMessageList_Request.fromPartial({ groupPk: Buffer.from(groupPk), untilNow: true });
    const found: GroupMessageEvent[] = [];
    const metadata = this.#connection.metadata(this.#node);
    const stream = this.#client.groupMessageList(request, metadata, { deadline: Date.now() + 20_000 });
    for await (const event of messagesOf<GroupMessageEvent>(stream)) found.push(event);
    return found;
  }
}
