import { needsRelays } from '../../controller/scenario/needs-relays.js';
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

/** With relays between daemons there may be so many nodes: each has one to each that it is told of. */
const mostRelayed = 60;

/** What a provider cannot do for a scenario. Throws `WORLD_INVALID` (exit status 2). */
export function checkWorld(scenario: Pick<Scenario, 'nodes' | 'faults'>, provider: WorldProvider): void {
  const refuse = (what: string, hint: string): never => {
    throw new PosternError('WORLD_INVALID', what, { hint, exitCode: 2 });
  };
  if (needsRelays({ ...scenario, provider })) checkRelayed(scenario, refuse);
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

/** What daemons tell each other of would lead them past the relays of their agents. */
function checkRelayed(
  { nodes }: Pick<Scenario, 'nodes'>,
  refuse: (what: string, hint: string) => never,
): void {
  const teller = nodes.find(({ daemon: { role } }) => role === 'rdvp' || role === 'bootstrap');
  if (teller !== undefined) {
    refuse(
      `its faults act by relays between the daemons, and daemons that ${teller.names[0] ?? 'a rendezvous'} (${teller.daemon.role}) tells of each other would go past them`,
      'leave out daemons of the roles rdvp and bootstrap: peers are told of each other without them; or write `provider: lab`, where the kernel does such faults',
    );
  }
  const amount = nodes.reduce((sum, { names }) => sum + names.length, 0);
  if (amount > mostRelayed) {
    refuse(
      `its faults act by relays between the daemons, and ${amount} nodes need too many of them`,
      `let it have ${mostRelayed} nodes at most, or write \`provider: lab\`, where the kernel does such faults`,
    );
  }
}
