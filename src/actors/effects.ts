import { errorText } from '../errors.js';
import type { Logger } from '../log.js';

/**
 * Makes effects safe to run inside a machine: one that throws is logged and does nothing else. Without this, a throw
 * would end the actor.
 */
export function safeEffects<Name extends string>(
  log: Logger,
  effects: Readonly<Record<Name, () => void>>,
): Record<Name, () => void> {
  const safe: Record<Name, () => void> = { ...effects };
  for (const name in effects) {
    safe[name] = () => {
      try {
        effects[name]();
      } catch (thrown) {
        log.error({ effect: name, err: errorText(thrown) }, 'an effect of a state machine failed');
      }
    };
  }
  return safe;
}
