import path from 'node:path';
import type { Fleet } from '../../test/support/fleet.js';
import { childrenOf, type ProcessGroup } from './cpu.js';

/** Node name of the agent. */
export const node = 'bench';

/** A hub with its own NATS server and an agent, running. */
export interface RunningPostern {
  /** `HOST:PORT` of the hub. */
  readonly address: string;
  /** Names the node, and holds a caller's token. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly groups: readonly ProcessGroup[];
}

/**
 * Starts a hub, its NATS server and an agent in front of `upstream`, as processes of their own.
 * @param env of hub and agent; `POSTERN_DIST` names the build.
 */
export async function startPostern(
  fleet: Fleet,
  upstream: string,
  env: NodeJS.ProcessEnv,
): Promise<RunningPostern> {
  const hub = await fleet.start(['up', '--listen', '127.0.0.1:0', '--metrics', 'off', '--drain', '1s'], {
    env,
  });
  const address = await fleet.hubAddress();
  const agent = await fleet.start(
    ['agent', '--node', node, '--to', upstream, '--data', path.join(fleet.dir, node), '--drain', '1s'],
    {
      env: { ...env, POSTERN_HUB: `http://${address}`, POSTERN_TOKEN: await fleet.joinToken(node) },
    },
  );
  const token = await fleet.callerToken('bench');
  return {
    address,
    metadata: { name: node, 'x-postern-authorization': `Bearer ${token}` },
    groups: [
      { name: 'hub', pids: [hub.pid] },
      { name: 'agent', pids: [agent.pid] },
      { name: 'nats', pids: childrenOf(hub.pid) },
    ],
  };
}
