import { errorText } from '../errors.js';
import type { Logger } from '../log.js';

/**
 * Makes effects safe to run inside a machine: one that throws is logged and does nothing else. Without this, a throw
 * would end the actor. Effects get the facts from their argument: the actor's snapshot is the old one until the
 * transition is over.
 */
export function safeEffects<Name extends string, Facts>(
  log: Logger,
  effects: Readonly<Record<Name, (facts: Facts) => void>>,
): Record<Name, (facts: Facts) => void> {
  const safe: Record<Name, (facts: Facts) => void> = { ...effects };
  for (const name in effects) {
    safe[name] = (facts) => {
      try {
        effects[name](facts);
      } catch (thrown) {
        log.error({ effect: name, err: errorText(thrown) }, 'an effect of a state machine failed');
      }
    };
  }
  return safe;
}
