import type { Scenario } from '../../controller/scenario/scenario.js';
import { PosternError } from '../../errors.js';
import type { GroundNode } from './ground.js';
import type { WorldProvider } from './world.js';

/** The nodes of a scenario, as the ground has to know them. */
export function groundNodes(scenario: Pick<Scenario, 'nodes'>): GroundNode[] {
  return scenario.nodes.flatMap(({ names, public: open, daemon }) =>
    names.map((name) => ({ name, public: open, relayed: daemon.relay.some((relay) => relay !== name) })),
  );
}

/** What a provider cannot do for a scenario. Throws `WORLD_INVALID` (exit status 2). */
export function checkWorld(scenario: Pick<Scenario, 'nodes' | 'faults'>, provider: WorldProvider): void {
  const refuse = (what: string, hint: string): never => {
    throw new PosternError('WORLD_INVALID', what, { hint, exitCode: 2 });
  };
  if (provider === 'local' && scenario.faults.some(({ kinds }) => kinds.includes('peers'))) {
    refuse(
      'with provider local no node can be cut from its peers (fault peers): all of them are this machine',
      'write `provider: lab`, or say --provider lab: there each node has a network of its own',
    );
  }
  if (provider !== 'lab') return;
  for (const { names, public: open, daemon } of scenario.nodes) {
    const hidden = !open && daemon.relay.length > 0 && daemon.rdvp.length + daemon.bootstrap.length === 0;
    if (hidden && daemon.role === 'peer') {
      refuse(
        `${names[0] ?? 'a node'} can be reached only through a relay, and nobody tells its peers so`,
        'add a node with {public: true, daemon: {role: rdvp}}, or write `relay: []` in `daemon`: then the NAT of each node leads to its daemon',
      );
    }
  }
}
