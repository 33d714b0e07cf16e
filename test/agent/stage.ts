import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { type AgentConfigInput, type RunningAgent, startAgent } from '../../src/agent/agent.js';
import { startTestNats, type TestNats, testLog } from '../support/nats.js';
import { type HubDouble, startHubDouble } from './hub-double.js';

/** A real bus, the hub's side of it, and agents; all of it ends with the test. */
export interface Stage {
  readonly nats: TestNats;
  readonly hub: HubDouble;
  readonly metrics: Registry;
  /** Starts an agent with the good token; `home` tells agents of different keys apart. */
  agent(config?: Partial<AgentConfigInput>, home?: string): RunningAgent;
}

/** The join token that is good. */
export const goodToken = 'pj_good_secret';

export async function setStage(t: TestContext): Promise<Stage> {
  const nats = await startTestNats();
  const hub = await startHubDouble(nats);
  const data = await mkdtemp(join(tmpdir(), 'postern-agent-'));
  hub.tokens.set(goodToken, '');
  const metrics = new Registry();
  const agents: RunningAgent[] = [];
  t.after(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await hub.stop();
    await nats.stop();
    await rm(data, { recursive: true, force: true });
  });
  return {
    nats,
    hub,
    metrics,
    agent(config = {}, home = 'home') {
      const agent = startAgent(
        {
          node: 'attic',
          to: ['127.0.0.1:1'],
          hub: hub.url,
          token: goodToken,
          data: join(data, home),
          drainSeconds: 5,
          ...config,
        },
        { log: testLog, metrics: agents.length === 0 ? metrics : new Registry(), version: '0.0.0-test' },
      );
      agents.push(agent);
      return agent;
    },
  };
}
