import { AssertionSigner, readAssertionKeys } from '../../auth/assertion.js';
import { loadOrCreateCallerKey } from '../../auth/caller-tokens.js';
import { loadOrCreateAuthority } from '../../bus/authority.js';
import { findHub } from '../../client/hub-target.js';
import { defaultLeaseMs, startController } from '../../controller/controller.js';
import { openDoor } from '../../controller/door.js';
import { controllerToken } from '../controller-token.js';
import type { Invocation } from '../invocation.js';
import { keysIn } from '../keys-directory.js';
import { natsOf } from '../nats-choice.js';
import { busLost, connectOwnBus } from '../own-bus.js';
import { processMetrics } from '../process-metrics.js';
import { logLevelOf, serve } from '../serving.js';
import { dataDirectoryOf } from '../with-hub.js';

/** Whom hubs tell who calls: the name of the route that leads here. */
const audience = 'runs';
const defaultListen = '127.0.0.1:7092';

/** `postern controller`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const data = dataDirectoryOf(invocation);
  return serve(invocation, logLevelOf(options.text('log-level')), async (log, cleanup) => {
    const natsUrls = await natsOf(options.list('nats'), data, { log, cleanup });
    const authority = await loadOrCreateAuthority(keysIn(data));
    const key = await loadOrCreateCallerKey(keysIn(data));
    const metrics = processMetrics();
    const bus = await connectOwnBus({ role: 'controller', natsUrls, authority, log, metrics, cleanup });
    const hub = async () =>
      findHub({
        hub: options.text('hub'),
        ca: options.text('hub-ca'),
        insecure: options.flag('hub-insecure'),
        token: await controllerToken(key),
        tokenFile: undefined,
        data,
      });
    const leaseMs = options.durationMs('lease') ?? defaultLeaseMs;
    const controller = startController({ bus, hub, leaseMs, log });
    cleanup.add('the controller', () => controller.stop());
    const keys = readAssertionKeys(new AssertionSigner(key).publicKeys);
    const named = options.list('listen');
    const listen: string[] = [];
    for (const address of named.length === 0 ? [defaultListen] : named) {
      const door = await openDoor({ listen: address, service: controller.service, keys, audience });
      cleanup.add('a door', () => door.close());
      listen.push(door.address);
    }
    await controller.ready;
    const [nats = ''] = natsUrls;
    return {
      facts: { listen, nats, data, pid: process.pid },
      line: `controller: ready on ${listen.join(', ')} (bus ${nats})`,
      ended: busLost(bus),
    };
  });
}
