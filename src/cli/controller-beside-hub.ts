import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreateCallerKey, signCallerToken } from '../auth/caller-tokens.js';
import type { Bus } from '../bus/bus.js';
import { dialable, type HubTarget } from '../client/hub-target.js';
import { type RunningController, startController } from '../controller/controller.js';
import type { HubReady } from '../hub/hub.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';

/** Life of the token that a controller calls nodes with, milliseconds; it gets a new one each time that it connects. */
const tokenMs = 30 * 86_400_000;
/** All that it calls on nodes. */
const methods = ['postern.v1.TestsService/*', 'postern.v1.FaultsService/*'];

/** Starts a controller in the process of a hub, and gives it a token of its own that is good for its work alone. */
export function controllerBesideHub(options: {
  bus: Bus;
  data: string;
  /** The hub in front; it is started after the controller, whose service it answers for. */
  hub: () => Promise<HubReady>;
  log: Logger;
  cleanup: Cleanup;
}): RunningController {
  const { bus, data, log, cleanup } = options;
  const target = async (): Promise<HubTarget> => {
    const { listen } = await options.hub();
    const key = await loadOrCreateCallerKey(join(data, 'keys'));
    const token = await signCallerToken(key, {
      subject: 'controller',
      tokenId: `controller-${randomBytes(8).toString('hex')}`,
      issuer: 'postern',
      roles: ['call', 'operate'],
      methods,
      limits: {},
      expiresAtMs: Date.now() + tokenMs,
    });
    return { address: dialable(listen[0] ?? ''), from: 'of this process', token };
  };
  const controller = startController({ bus, hub: target, log });
  cleanup.add('the controller', () => controller.stop());
  return controller;
}
