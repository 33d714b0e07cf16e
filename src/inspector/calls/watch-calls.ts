import { type handleServerStreamingCall, status } from '@grpc/grpc-js';
import type { Bus } from '../../bus/bus.js';
import { nodeName } from '../../bus/messages.js';
import { subjects } from '../../bus/subjects.js';
import type { WatchCallsRequest, WatchCallsResponse } from '../../gen/postern/v1/inspector.js';
import { visitorOf } from '../../own-service.js';
import { Seconds } from './seconds.js';

/** A reader that is so many seconds behind is told of none until it has caught up. */
const mostWaiting = 256;

/**
 * `WatchCalls`: the calls of the last minute, an answer without any, and then each second in which there were some, as all
 * hubs have told of it. A reader hears of the nodes that its token covers.
 */
export function watchCalls(
  bus: Pick<Bus, 'follow'>,
): handleServerStreamingCall<WatchCallsRequest, WatchCallsResponse> {
  return (call) => {
    const { node } = call.request;
    if (node !== '' && !nodeName.safeParse(node).success) {
      call.emit('error', { code: status.INVALID_ARGUMENT, details: 'node: it is no node name' });
      return;
    }
    const visitor = visitorOf(call.metadata);
    let skipped = false;
    const give = (second: WatchCallsResponse): void => {
      if (call.writableLength >= mostWaiting) {
        skipped = true;
        return;
      }
      call.write(skipped ? { ...second, more: true } : second);
      skipped = false;
    };
    const seconds = new Seconds((of) => (node === '' || of === node) && (visitor?.covers(of) ?? false), give);
    const following = bus.follow(subjects.calls, {}, ({ params, body }) => {
      // The subject is proven, the body is not: nobody tells the calls of another hub.
      if (params.hub === body.hub) seconds.add(body);
    });
    let open = true;
    const stop = (): void => {
      open = false;
      following.stop();
      seconds.stop();
    };
    void following.live.then(() => {
      if (!open) return;
      seconds.live();
      give({ atMs: Date.now(), methods: [], more: false, notable: [] });
    });
    call.on('cancelled', stop);
    call.on('close', stop);
    call.on('error', stop);
  };
}
