import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import type { InspectorServer, WatchRequest, WatchResponse } from '../gen/postern/v1/inspector.js';
import { joinAborts } from '../joined-abort.js';
import type { Logger } from '../log.js';
import { type Visitor, visitorOf } from '../own-service.js';
import { parsePlaces } from './directory/place.js';
import { maySee, readFilters } from './filters.js';
import { getActor, type Lookout, listActors, mostTransitions } from './look.js';
import { Seats } from './seats.js';
import { statelyPath } from './stately/endpoint.js';
import type { Tickets } from './stately/tickets.js';
import { inspectorError } from './status.js';
import { type WatchSink, watch } from './watch/watch.js';

/** So many watch at the same time at one hub. */
const mostWatches = 512;

/** The methods of `postern.v1.Inspector` that look at actors. `stopping` ends all watches. */
export function lookMethods(
  lookout: Lookout,
  tickets: Tickets,
  stopping: AbortSignal,
  log: Logger,
): Pick<InspectorServer, 'listActors' | 'getActor' | 'watch' | 'openStately'> {
  const seats = new Seats(mostWatches, 'watches');
  const watching = async (call: ServerWritableStream<WatchRequest, WatchResponse>): Promise<void> => {
    const { filters, resume, history, historyOnly } = call.request;
    const visitor = visitorIn(call.metadata);
    const options = {
      wanted: readFilters(filters),
      sees: (names: Parameters<typeof maySee>[1]) => maySee(visitor, names),
      resume: resume === '' ? undefined : parsePlaces(resume),
      history: resume === '' ? Math.min(history, mostTransitions) : 0,
      historyOnly,
    };
    const leave = seats.take(visitor.subject);
    const sink = sinkOf(call, lookout, stopping);
    try {
      // The reader knows at once that it was let in.
      call.sendMetadata(new Metadata());
      await lookout.directory.using(() => watch(lookout.directory, lookout.bus, options, sink));
      if (stopping.aborted)
        throw new PosternError('STORE_UNAVAILABLE', 'the hub stops: watch at another one');
      call.end();
    } finally {
      leave();
      sink.release();
    }
  };
  return {
    listActors: unary((request, visitor) => listActors(lookout, request, visitor), log),
    getActor: unary((request, visitor, signal) => getActor(lookout, request, visitor, signal), log),
    watch: streaming(watching, log),
    openStately: unary(
      async (_, visitor) => ({ path: `${statelyPath}?ticket=${tickets.give(visitor)}` }),
      log,
    ),
  };
}

/** A unary method for visitors. */
function unary<Q, R>(
  work: (request: Q, visitor: Visitor, signal: AbortSignal) => Promise<R>,
  log: Logger,
): handleUnaryCall<Q, R> {
  return (call, callback) => {
    const ended = new AbortController();
    call.on('cancelled', () => ended.abort(new PosternError('STORE_UNAVAILABLE', 'the caller has gone')));
    const run = async () => work(call.request, visitorIn(call.metadata), ended.signal);
    run().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(inspectorError(thrown, log)),
    );
  };
}

function streaming<Q, R>(
  work: (call: ServerWritableStream<Q, R>) => Promise<void>,
  log: Logger,
): handleServerStreamingCall<Q, R> {
  return (call) => {
    work(call).catch((thrown: unknown) => {
      if (!call.cancelled) call.emit('error', inspectorError(thrown, log));
    });
  };
}

/** Who calls. Throws `UNAUTHENTICATED`. */
function visitorIn(metadata: Metadata): Visitor {
  const visitor = visitorOf(metadata);
  if (visitor === undefined) throw new PosternError('UNAUTHENTICATED', 'it is not known who calls');
  return visitor;
}

/** The way to the caller; what is told says what may be done to actors. */
function sinkOf(
  call: ServerWritableStream<WatchRequest, WatchResponse>,
  { definitions }: Lookout,
  stopping: AbortSignal,
): WatchSink & { release(): void } {
  const gone = new AbortController();
  const end = (): void => gone.abort(new PosternError('STORE_UNAVAILABLE', 'the caller has gone'));
  for (const event of ['cancelled', 'close', 'finish', 'error']) call.on(event, end);
  const { signal, release } = joinAborts([gone.signal, stopping]);
  const write = (message: WatchResponse): Promise<void> => {
    const actors = message.actors.map((actor) => definitions.shown(actor));
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', go);
        resolve();
      };
      signal.addEventListener('abort', go);
      // One message at a time is on its way: what is more waits where it can be told as a loss.
      call.write({ ...message, actors }, go);
      if (signal.aborted) go();
    });
  };
  return { write, signal, release };
}
