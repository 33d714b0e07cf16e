import type { Canary } from '../injection.js';
import { type TcpPlace, tcpSight } from '../proof/tcp-canary.js';
import { routeTo } from './interfaces.js';
import type { Line } from './line-faults.js';
import { isOurs, rootQdisc } from './qdisc.js';

/**
 * Counts the packets that have gone through a queueing discipline of ours, where the way to a place leads through it; each
 * look sends some there. It counts 0 where the way leads elsewhere.
 */
export function queueCanary({ tools, device }: Line, place: TcpPlace): Canary {
  return {
    path: 'affected',
    name: `queue of ${device.name} to ${place.address}`,
    expects: { sees: 'growth' },
    async look(signal) {
      const beganMs = performance.now();
      await tcpSight(place, signal);
      const [route, queue] = await Promise.all([
        routeTo(tools.ip, place.address).catch(() => undefined),
        rootQdisc(tools.tc, device.name).catch(() => undefined),
      ]);
      const counts = route?.device === device.name && queue !== undefined && isOurs(queue);
      return {
        through: true,
        ms: performance.now() - beganMs,
        found: counts ? String(queue.packets) : '0',
      };
    },
  };
}
