import { upBindings, upSettings } from '../hub-settings.js';
import type { Invocation } from '../invocation.js';
import { serveWithOwnBus } from '../own-bus-hub.js';
import { readSettings } from '../settings.js';

/** `postern up`. */
export function run(invocation: Invocation): Promise<number> {
  return serveWithOwnBus(invocation, () => readSettings(invocation, upSettings, upBindings));
}
