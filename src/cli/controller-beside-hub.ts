import { loadOrCreateCallerKey } from '../auth/caller-tokens.js';
import type { Bus } from '../bus/bus.js';
import { dialable, type HubTarget } from '../client/hub-target.js';
import { type RunningController, startController } from '../controller/controller.js';
import type { RunningHub } from '../hub/hub.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';
import { controllerToken } from './controller-token.js';
import { keysIn } from './keys-directory.js';

/** Starts a controller in the process of a hub. */
export function controllerBesideHub(options: {
  bus: Bus;
  data: string;
  /** The hub in front; it is started after the controller, whose service it answers for. */
  hub: () => Pick<RunningHub, 'ready' | 'operators'>;
  log: Logger;
  cleanup: Cleanup;
}): RunningController {
  const { bus, data, log, cleanup } = options;
  const target = async (): Promise<HubTarget> => {
    const { listen } = await options.hub().ready;
    const token = await controllerToken(await loadOrCreateCallerKey(keysIn(data)));
    return { address: dialable(listen[0] ?? ''), from: 'of this process', token };
  };
  const controller = startController({
    bus,
    hub: target,
    told: (operated) => options.hub().operators.told(operated),
    log,
  });
  cleanup.add('the controller', () => controller.stop());
  return controller;
}
