import { factsOfKinds } from '../../fault-kinds.js';
import type { Scenario, ScenarioFault } from './scenario.js';

/**
 * Whether the agents of a scenario need relays between their daemons: where faults act on the ways between nodes, and no
 * kernel can do that. With provider local it cannot, as loopback is spared.
 */
export function needsRelays({ faults, provider }: Pick<Scenario, 'faults' | 'provider'>): boolean {
  return provider !== 'connected' && faults.some((fault) => needs(fault, provider));
}

function needs({ kinds, wish }: ScenarioFault, provider: Scenario['provider']): boolean {
  if (provider !== 'local' && wish.way !== 'userspace') return false;
  return kinds.some(
    (kind) => factsOfKinds[kind].network && (wish.scope ?? factsOfKinds[kind].scopes[0]) === 'daemon',
  );
}
