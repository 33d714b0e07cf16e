import { hubServeBindings, hubServeSettings } from '../hub-serve-settings.js';
import type { Invocation } from '../invocation.js';
import { serveWithOwnBus } from '../own-bus-hub.js';
import { readSettings } from '../settings.js';

/** `postern hub serve`. */
export function run(invocation: Invocation): Promise<number> {
  return serveWithOwnBus(invocation, async () => {
    const { httpListen, grpcListen, ...settings } = await readSettings(
      invocation,
      hubServeSettings,
      hubServeBindings,
    );
    // Either speaks all protocols, so that one address may stand for both.
    return { ...settings, listen: [...new Set([httpListen, grpcListen])] };
  });
}
