import path from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { bringWorld } from '../../../../src/cli/providers/bring-world.js';
import type { World } from '../../../../src/cli/providers/world.js';
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
import { type DrawnPlan, drawPlan, nodes, scenarioText } from './draw.js';
import { type Known, misdeedsIn } from './truth.js';

/** Every run has this name in a world of its own. */
const run = 'r1';
/** What acts on this machine's processes, on relays and on connections of agents: on nothing that is not ours. */
const ours: ReadonlySet<string> = new Set(['signal', 'faketime', 'relay', 'userspace']);

/** A plan as it was executed. */
export interface Executed {
  readonly plan: DrawnPlan;
  readonly judgement: Judgement;
  /** Of each test, the control one too. */
  readonly known: readonly Known[];
}

/** Executes the plan of a seed in a world of its own, which is gone when this resolves. */
export async function execute(seed: number, env: NodeJS.ProcessEnv): Promise<Executed> {
  // A world whose daemons reach each other through relays, as this one's fault wants it, can do most.
  const parted = { ...drawPlan(seed, new Set()), faults: [{ partition: 'ring', for: '1s' }] };
  const world = await bringWorld(readScenario(scenarioText(parted), 'plan.yaml'), {
    provider: 'local',
    seed: String(seed),
    log: testLog,
    env,
  });
  try {
    const connection = await connectHub(world.hub, 10_000);
    try {
      const plan = drawPlan(seed, await ableHere(connection));
      const judgement = await conduct(connection, plan);
      return { plan, judgement, known: await truthOf(world, judgement) };
    } finally {
      connection.close();
    }
  } finally {
    await world.stop();
  }
}

/** What agents can do without the kernel's network, and without what else is on this machine. */
async function ableHere(connection: HubConnection): Promise<Set<string>> {
  const client = new FaultsServiceClient(connection.target.address, credentials.createInsecure(), {
    channelOverride: connection.client.getChannel(),
  });
  const { kinds } = await unary<GetFaultCapabilitiesResponse>((done) =>
    client.getFaultCapabilities({}, connection.metadata(nodes[0]), done),
  );
  return new Set(
    kinds
      .filter(({ by, scope }) => ours.has(by) && scope !== 'host')
      .map(({ kind, scope }) => `${kind} ${scope}`),
  );
}

async function conduct(connection: HubConnection, plan: DrawnPlan): Promise<Judgement> {
  const calls = new RunsCalls(connection);
  const about = { scenario: scenarioText(plan), file: 'plan.yaml', seed: String(plan.seed) };
  await calls.start({ ...about, run, provider: '', replayJson: '' });
  let told: WatchRunResponse | undefined;
  for await (const message of messagesOf<WatchRunResponse>(calls.watch(run))) told = message;
  if ((told?.run?.planHash ?? '') === '') throw new Error(`it has no plan: ${told?.run?.reasons.join('; ')}`);
  const json = await calls.report({ run, format: 'json', rulesJson: '' });
  return judgementSchema.parse(JSON.parse(json));
}

async function truthOf(world: World, judgement: Judgement): Promise<Known[]> {
  const results = await resultsIn(path.join(world.directory, 'hub'), true);
  const misdeeds = await misdeedsIn(world.nodes.map(({ truth }) => truth));
  const readers = new Map(world.nodes.map(({ name, daemon }) => [name, new LogReader(daemon)]));
  try {
    const known: Known[] = [];
    for (const { test, amount } of judgement.plan.tests) {
      const logs = await convergedLogs(readers, groupOf(results, test), test, run);
      known.push({ test, amount, results, logs, misdeeds });
    }
    return known;
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

function groupOf(results: Known['results'], test: string): string {
  for (const { test: of, record } of results) {
    if (of === test && record.k === 'created') return String(record.spec.group);
  }
  throw new Error(`no journal of ${test} was made`);
}

/** Reads the log of a daemon. */
class LogReader {
  readonly #client: ProtocolServiceClient;

  constructor(address: string) {
    this.#client = new ProtocolServiceClient(address, credentials.createInsecure());
  }

  async messages(groupPk: Uint8Array): Promise<GroupMessageEvent[]> {
    const request = GroupMessageList_Request.fromPartial({ groupPk: Buffer.from(groupPk), untilNow: true });
    const found: GroupMessageEvent[] = [];
    const stream = this.#client.groupMessageList(request, { deadline: Date.now() + 20_000 });
    for await (const event of messagesOf<GroupMessageEvent>(stream)) found.push(event);
    return found;
  }

  close(): void {
    this.#client.close();
  }
}
