import assert from 'node:assert/strict';
import { eventually } from '../../support/processes.js';
import { parts, type StressStage } from './stage.js';

/** What hub and agent hold for calls, and what else they would leave behind; all counts. */
const counted = [
  'postern_calls_in_flight',
  'postern_bus_calls_made',
  'postern_bus_calls_served',
  'postern_bus_deadlines',
  'postern_bus_buffered_bytes',
  'postern_bus_peers',
  'postern_bus_subscriptions',
  'postern_agent_calls_open',
  'postern_agent_upstream_calls',
  'postern_agent_upstream_connections',
];
/** Of these some come and go by themselves: a scrape, a renewed connection. */
const wavering = /^(process_open_fds|nodejs_active_resources\{type="(Timeout|TCPSocketWrap)"\})/;
const waverBy = 4;

/** What is held at one moment, of hub, agent and NATS. */
export interface Held {
  readonly exact: ReadonlyMap<string, number>;
  readonly wavering: ReadonlyMap<string, number>;
}

/** Looks once; no call may be open. */
export async function whatIsHeld(stage: StressStage): Promise<Held> {
  const exact = new Map<string, number>();
  const loose = new Map<string, number>();
  for (const of of ['hub', 'agent'] as const) {
    for (const [sample, value] of await stage.metrics(of)) {
      if (counted.some((name) => sample === name || sample.startsWith(`${name}{`))) {
        exact.set(`${of} ${sample}`, value);
      } else if (wavering.test(sample)) loose.set(`${of} ${sample}`, value);
    }
    assert.ok(loose.has(`${of} process_open_fds`), `the ${of} does not tell how many files are open`);
  }
  for (const name of counted) {
    const told = [...exact.keys()].some((sample) => sample.includes(` ${name}`));
    assert.ok(told, `nobody tells of ${name} any more`);
  }
  const { subscriptions, connections } = await stage.varz();
  exact.set('nats subscriptions', Number(subscriptions));
  exact.set('nats connections', Number(connections));
  exact.set('server streams', stage.server.open.size);
  return { exact, wavering: loose };
}

/** Waits until no more is held than before; says what is left otherwise. */
export async function nothingLeft(stage: StressStage, before: Held): Promise<void> {
  let left: string[] = [];
  await eventually(
    'nothing is left of the calls',
    async () => {
      const now = await whatIsHeld(stage);
      left = [];
      for (const [name, value] of now.exact) {
        // one connection is kept, also where the last one was just left after many resets
        const kept = name.endsWith('upstream_connections') ? 1 : 0;
        const was = Math.max(kept, before.exact.get(name) ?? 0);
        if (value > was) left.push(`${name}: ${value}, before ${was}`);
      }
      for (const [name, value] of now.wavering) {
        const was = before.wavering.get(name) ?? 0;
        if (value > was + waverBy) left.push(`${name}: ${value}, before ${was}`);
      }
      return left.length === 0;
    },
    { timeoutMs: 15_000 },
  ).catch(() => assert.fail(left.join('\n')));
  const active = await stage.fleet.node('stress');
  assert.equal(active?.calls, 0, 'postern nodes tells of no call');
}

/** Heap of hub and agent in bytes, after their garbage was collected. */
export async function heapUsed(stage: StressStage): Promise<Record<'hub' | 'agent', number>> {
  await stage.collectGarbage();
  const used = async (of: 'hub' | 'agent'): Promise<number> =>
    (await stage.metrics(of)).get('nodejs_heap_size_used_bytes') ?? Number.NaN;
  return { hub: await used('hub'), agent: await used('agent') };
}

/** Resident memory of all parts, in bytes. */
export async function resident(stage: StressStage): Promise<number[]> {
  return Promise.all(parts.map((part) => stage.rss(part)));
}
