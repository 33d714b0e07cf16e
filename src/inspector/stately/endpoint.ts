import { type WebSocket, WebSocketServer } from 'ws';
import { machines } from '../../../machines/index.js';
import { errorText } from '../../errors.js';
import type { WatchResponse } from '../../gen/postern/v1/inspector.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { Visitor } from '../../own-service.js';
import type { OwnSocket } from '../../own-socket.js';
import { maySee, readFilters } from '../filters.js';
import type { Lookout } from '../look.js';
import { watch } from '../watch/watch.js';
import { statelyEvents } from './events.js';
import type { Tickets } from './tickets.js';

/** Where it is. */
export const statelyPath = '/inspect/stately';
/** So many are open at the same time. */
const mostOpen = 32;
/** Each is asked so often whether it is there, milliseconds; one that has not answered until then is ended. */
const pingEveryMs = 15_000;
/** It is looked so often whether the token behind a ticket is still good, milliseconds. */
const tokenEveryMs = 1_000;
/** Then a new ticket is needed, milliseconds. */
const longestMs = 3_600_000;
/** So much may wait for a reader, bytes, before the watch waits too. */
const mostBuffered = 1 << 20;
/** Close codes of RFC 6455 §7.4.1. */
const [goingAway, policyViolation, tryLater] = [1001, 1008, 1013];

/** Tells what a watch tells as Stately's inspection protocol, to tools that speak it. */
export function statelyEndpoint(
  { directory, bus, definitions }: Lookout,
  tickets: Tickets,
  stopping: AbortSignal,
  log: Logger,
): OwnSocket {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: 4_096,
    perMessageDeflate: false,
  });
  let open = 0;
  const serve = async (socket: WebSocket, visitor: Visitor): Promise<void> => {
    const gone = new AbortController();
    socket.on('error', () => socket.terminate());
    socket.on('close', () => gone.abort());
    const { signal, release } = joinAborts([gone.signal, stopping], longestMs);
    const stopPings = pinged(socket);
    const looking = setInterval(() => {
      if (visitor.ended()) gone.abort();
    }, tokenEveryMs);
    const known = new Set<string>();
    const write = async (message: WatchResponse): Promise<void> => {
      const shown = { ...message, actors: message.actors.map((actor) => definitions.shown(actor)) };
      for (const event of statelyEvents(shown, configOf, known))
        await sent(socket, JSON.stringify(event), signal);
    };
    const wanted = readFilters([]);
    const sees = (names: Parameters<typeof maySee>[1]) => maySee(visitor, names);
    const options = { wanted, sees, resume: undefined, history: 0, historyOnly: false };
    try {
      await directory.using(() => watch(directory, bus, options, { write, signal }));
      socket.close(stopping.aborted ? goingAway : policyViolation, 'ask for a new ticket');
    } catch (thrown) {
      log.warn({ err: errorText(thrown) }, "Stately's protocol was broken off");
      socket.close(tryLater, 'what is kept cannot be read now');
    } finally {
      stopPings();
      clearInterval(looking);
      release();
    }
  };
  return {
    path: statelyPath,
    take: (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', 'ws://hub').searchParams.get('ticket') ?? '';
      const visitor = tickets.take(ticket);
      server.handleUpgrade(request, socket, head, (accepted) => {
        if (visitor === undefined || visitor.ended()) {
          accepted.close(policyViolation, 'the ticket is none, or was used: postern inspect --stately');
        } else if (open >= mostOpen) accepted.close(tryLater, `${mostOpen} are open already`);
        else {
          open++;
          void serve(accepted, visitor).finally(() => open--);
        }
      });
    },
  };
}

/** The configuration of a machine of this release; Stately's tools draw it. */
function configOf({ machine }: { readonly machine: string }): unknown {
  return Object.entries(machines).find(([name]) => name === machine)?.[1].machine.config;
}

/** Resolves when the reader has taken enough of what was sent. */
function sent(socket: WebSocket, text: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const go = (): void => {
      signal.removeEventListener('abort', go);
      resolve();
    };
    signal.addEventListener('abort', go);
    socket.send(text, go);
    if (socket.bufferedAmount < mostBuffered) go();
  });
}

/** Ends a socket that answers no pings. */
function pinged(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    socket.ping();
  }, pingEveryMs);
  return () => clearInterval(timer);
}
