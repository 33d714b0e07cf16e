import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorldProvider } from '../../../src/cli/providers/world.js';
import { connectHub } from '../../../src/client/hub-connection.js';
import { hubServices } from '../../../src/client/hub-services.js';
import type { HubTarget } from '../../../src/client/hub-target.js';
import { readScenario } from '../../../src/controller/scenario/read-scenario.js';
import type { Scenario } from '../../../src/controller/scenario/scenario.js';
import type { ListNodesResponse } from '../../../src/gen/postern/v1/nodes.js';
import { natsServer } from '../../support/nats.js';
import { Conductor } from '../../system/rehearsal/conductor.js';

/** A scenario of so many nodes, `n-1`, `n-2`, …; `more`: further lines of it. */
export function scenarioOf(provider: WorldProvider, nodes: number, more = ''): Scenario {
  return readScenario(`${scenarioText(provider, nodes)}${more}`, 'few.yaml');
}

/** The same as text. */
export function scenarioText(provider: WorldProvider, nodes: number, amount = 5): string {
  return `provider: ${provider}
nodes: {n: {count: ${nodes}}}
groups: {g: {tests: {t: {type: text, interval: 100ms, amount: ${amount}}}}}
`;
}

/** A directory for temporary files by which all that is started with it is found. */
export class Traces {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(dir: string, env: NodeJS.ProcessEnv) {
    this.dir = dir;
    this.env = env;
  }

  static async make(env: NodeJS.ProcessEnv = process.env): Promise<Traces> {
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-worlds-'));
    const { path: nats } = await natsServer();
    return new Traces(dir, { ...env, TMPDIR: dir, POSTERN_NATS_SERVER: nats });
  }

  /** The processes that were started with this directory, or work in it, but for this one. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
    const found = await Promise.all(
      pids.map(async (pid) => {
        const texts = [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].map((file) =>
          readFile(file, 'latin1').catch(() => ''),
        );
        return (await Promise.all(texts)).some((text) => text.includes(this.dir));
      }),
    );
    return pids.filter((_, i) => found[i]);
  }

  /** What is left of all that was started: processes, and files. */
  async left(): Promise<string[]> {
    return [...(await this.processes()).map((pid) => `process ${pid}`), ...(await readdir(this.dir))];
  }

  async remove(): Promise<void> {
    for (const pid of await this.processes()) process.kill(pid, 'SIGKILL');
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Fails unless these nodes are connected and their daemons serve. */
export async function assertServing(hub: HubTarget, nodes: readonly string[]): Promise<void> {
  const connection = await connectHub(hub, 10_000);
  const conductor = new Conductor();
  try {
    const listed = await new Promise<ListNodesResponse>((resolve, reject) =>
      hubServices(connection).nodes.listNodes({ name: '' }, connection.metadata(), (error, response) =>
        error === null ? resolve(response) : reject(error),
      ),
    );
    const connected = listed.nodes.filter(({ state }) => state.startsWith('connected.'));
    assert.deepEqual(connected.map(({ name }) => name).sort(), [...nodes].sort());
    conductor.conduct(hub.address, hub.token ?? '');
    for (const node of nodes) {
      assert.equal((await conductor.ask(node, conductor.client.getDaemon, {})).state, 'serving', node);
    }
  } finally {
    conductor.rest();
    connection.close();
  }
}

/** Fails unless they serve, and each can read what the others write. */
export async function assertTogether(hub: HubTarget, nodes: readonly string[]): Promise<void> {
  await assertServing(hub, nodes);
  const conductor = new Conductor();
  conductor.conduct(hub.address, hub.token ?? '');
  conductor.nodes.push(...nodes);
  try {
    await conductor.group();
  } finally {
    conductor.rest();
  }
}
