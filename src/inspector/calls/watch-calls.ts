import { Metadata, status } from '@grpc/grpc-js';
import type { Bus } from '../../bus/bus.js';
import { nodeName } from '../../bus/messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { InspectorServer, WatchCallsResponse } from '../../gen/postern/v1/inspector.js';
import { visitorOf } from '../../own-service.js';
import { Seats } from '../seats.js';
import { Seconds } from './seconds.js';

/** So many watch at the same time at one hub. */
const mostWatches = 128;
/** A reader that is so many seconds behind is told of none until it has caught up. */
const mostWaiting = 256;

/**
 * `WatchCalls`: the calls of the last minute, an answer without any, and then each second in which there were some, as all
 * hubs have told of it. A reader hears of the nodes that its token covers. `stopping` ends all of them.
 */
export function watchCallsMethod(
  bus: Pick<Bus, 'follow'>,
  stopping: AbortSignal,
): Pick<InspectorServer, 'watchCalls'> {
  const seats = new Seats(mostWatches, 'watches of calls');
  return {
    watchCalls: (call) => {
      const { node } = call.request;
      const fail = (code: status, details: string) => call.emit('error', { code, details });
      if (node !== '' && !nodeName.safeParse(node).success) {
        fail(status.INVALID_ARGUMENT, 'node: it is no node name');
        return;
      }
      const visitor = visitorOf(call.metadata);
      let leave: () => void;
      try {
        leave = seats.take(visitor?.subject ?? '');
      } catch (thrown) {
        fail(status.RESOURCE_EXHAUSTED, errorText(thrown));
        return;
      }
      // The reader knows at once that it was let in.
      call.sendMetadata(new Metadata());
      let open = true;
      let skipped = false;
      const give = (second: WatchCallsResponse): void => {
        if (call.writableLength < mostWaiting) call.write(skipped ? { ...second, more: true } : second);
        skipped = call.writableLength >= mostWaiting;
      };
      const seconds = new Seconds(
        (of) => (node === '' || of === node) && (visitor?.covers(of) ?? false),
        give,
      );
      const following = bus.follow(subjects.calls, {}, ({ params, body }) => {
        // The subject is proven, the body is not: nobody tells the calls of another hub.
        if (params.hub === body.hub) seconds.add(body);
      });
      const stop = (): void => {
        if (!open) return;
        open = false;
        leave();
        following.stop();
        seconds.stop();
        stopping.removeEventListener('abort', hubStops);
      };
      const hubStops = (): void => {
        stop();
        fail(status.UNAVAILABLE, 'the hub stops: watch at another one');
      };
      stopping.addEventListener('abort', hubStops);
      void following.live.then(() => {
        if (!open) return;
        seconds.live();
        give({ atMs: Date.now(), methods: [], more: false, notable: [] });
      });
      for (const event of ['cancelled', 'close', 'error'] as const) call.on(event, stop);
    },
  };
}
