import { loadOrCreateAuthority } from '../../../bus/authority.js';
import { accountIssuer } from '../../accounts/keys.js';
import { readAccountsSettings } from '../../accounts/settings.js';
import { accountsWith } from '../../accounts/start.js';
import type { Invocation } from '../../invocation.js';
import { keysIn } from '../../keys-directory.js';
import { natsOf } from '../../nats-choice.js';
import { busLost, connectOwnBus } from '../../own-bus.js';
import { processMetrics } from '../../process-metrics.js';
import { logLevelOf, serve } from '../../serving.js';
import { dataDirectoryOf } from '../../with-hub.js';

/** `postern accounts serve`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const config = await readAccountsSettings(invocation);
  const data = dataDirectoryOf(invocation);
  return serve(invocation, logLevelOf(options.text('log-level')), async (log, cleanup) => {
    const natsUrls = await natsOf(options.list('nats'), data, { log, cleanup });
    const authority = await loadOrCreateAuthority(keysIn(data));
    const metrics = processMetrics();
    const bus = await connectOwnBus({ role: 'accounts', natsUrls, authority, log, metrics, cleanup });
    await accountIssuer(data, config);
    const { ready } = await accountsWith(config, { bus, data, log, cleanup });
    const places = await ready;
    const [nats = ''] = natsUrls;
    const { rest, auth, storage, rooms, mail, roomSource } = places;
    const shown = [...rest, ...auth, ...storage, ...rooms, ...mail].join(', ');
    return {
      facts: {
        ...{ rest: [...rest], auth: [...auth], storage: [...storage], rooms: [...rooms], mail: [...mail] },
        ...{ roomSource, nats, data, pid: process.pid },
      },
      line: `accounts serve: ready on ${shown} (bus ${nats}, rooms in ${roomSource === 'livekit' ? 'LiveKit' : 'KV alone'})`,
      ended: busLost(bus),
    };
  });
}
