import { type AgentReady, type RunningAgent, startAgent } from '../../agent/agent.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { readHubFile } from '../../client/hub-file.js';
import { dialable } from '../../client/hub-target.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { posternVersion } from '../../package-info.js';
import { registerTraceMetrics } from '../../tracing/metrics.js';
import { startTracing } from '../../tracing/start.js';
import type { Tracing } from '../../tracing/tracing.js';
import { type AgentSettings, agentBindings, agentConfigOf, agentSettings, asUrl } from '../agent-settings.js';
import type { Invocation } from '../invocation.js';
import { makeJoinToken } from '../join-token.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { processMetrics } from '../process-metrics.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';
import { tokenOf } from '../token-file.js';

/** `postern agent`. */
export async function run(invocation: Invocation): Promise<number> {
  const settings = await readSettings(invocation, agentSettings, agentBindings);
  const data = await makeDataDirectory(settings.data ?? defaultDataDirectory(invocation.env));
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const token = await tokenOf(settings);
    const { env } = invocation;
    const tracing = await startTracing({ service: 'postern-agent', version: posternVersion(), env, log });
    if (tracing !== undefined) cleanup.add('the traces', () => tracing.stop());
    const { agent, ready } = await join(settings, { data, token, tracing, log }, (started) => {
      cleanup.add('the agent', () => started.stop());
      invocation.hangUps?.takenBy(() => started.retry());
      cleanup.add('SIGHUP', () => invocation.hangUps?.takenBy(() => {}));
    });
    return {
      facts: {
        node: ready.node,
        instance: ready.instance,
        hub: ready.hub,
        metrics: ready.metrics ?? '',
        infra: ready.infra ?? '',
        pid: process.pid,
      },
      line: `agent: ready as ${ready.node}, instance ${ready.instance}, in front of ${servedBy(settings)}`,
      ended: agent.done.then(({ error }) => {
        if (error !== undefined) throw error;
      }),
    };
  });
}

function servedBy({ to, fluentd, daemon, logs }: AgentSettings): string {
  const process = fluentd === undefined ? [] : [`the process ${fluentd.command[0]}`];
  const served = [...to, ...process, ...(daemon === undefined ? [] : [`tests on ${daemon}`])];
  return served.join(', ') || `the logs in ${logs.join(', ')}`;
}

/** Starts the agent. Beside a running hub, one whose key is not bound yet makes itself a join token. */
async function join(
  settings: AgentSettings,
  given: { data: string; token: string | undefined; tracing: Tracing | undefined; log: Logger },
  started: (agent: RunningAgent) => void,
): Promise<{ agent: RunningAgent; ready: AgentReady }> {
  const { data, token, tracing, log } = given;
  const beside = settings.hub === undefined ? await hubBeside(data) : undefined;
  const hub = settings.hub ?? beside;
  const start = (withToken: string | undefined): RunningAgent => {
    const metrics = processMetrics();
    if (tracing !== undefined) registerTraceMetrics(metrics, tracing);
    const config = agentConfigOf(settings, { data, hub, token: withToken });
    const agent = startAgent(config, { log, metrics, tracing, version: posternVersion() });
    started(agent);
    return agent;
  };
  const agent = start(token);
  try {
    return { agent, ready: await agent.ready };
  } catch (thrown) {
    const unbound = thrown instanceof PosternError && thrown.code === 'KEY_UNKNOWN';
    if (!unbound || beside === undefined || token !== undefined) throw thrown;
  }
  log.info('the key is not bound yet: making a join token with the admin token of the data directory');
  const again = start(await makeJoinToken(data, settings.node));
  return { agent: again, ready: await again.ready };
}

/** URL of the hub that runs with this data directory. */
async function hubBeside(data: string): Promise<string | undefined> {
  const address = (await readHubFile(data))?.listen.find((one) => !one.startsWith('unix:'));
  return address === undefined ? undefined : asUrl(dialable(address));
}
