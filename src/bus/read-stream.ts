import { errorText, PosternError } from '../errors.js';
import type { Stop, StreamListener } from './bus.js';
import type { Connection } from './connection.js';
import { parseJson } from './messaging.js';
import { readOrdered } from './ordered.js';
import { readMessage, streamOf } from './page.js';
import { managerOf } from './streams.js';
import { filterSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** As `Bus.read`. The streams themselves are made by `keepStreams`. */
export function readStream<P extends string, T>(
  connection: Connection,
  declaration: SubjectDeclaration<P, T, unknown>,
  params: Partial<Record<P, string>>,
  { after }: { readonly after?: number },
  listener: StreamListener<P, T>,
): Stop {
  const { log, metrics } = connection;
  const stream = streamOf(declaration);
  const filter = filterSubject(declaration.pattern, params);
  if (connection.identity.role !== 'hub') {
    throw new PosternError('BUS_FORBIDDEN', `only hubs read ${stream} from JetStream itself`);
  }
  let stop: Stop = () => {};
  let stopped = false;
  const tell = (what: () => void): void => {
    if (stopped) return;
    try {
      what();
    } catch (thrown) {
      metrics.handlerFailed();
      log.error({ stream, err: thrown }, `a reader of a stream failed: ${errorText(thrown)}`);
    }
  };
  managerOf(connection.nats).then(
    (manager) => {
      if (stopped) return;
      const source = { stream, filter, after, ensure: async () => {} };
      stop = readOrdered(connection, manager, source, {
        began: (found) => tell(() => listener.began?.(found)),
        message: ({ subject, data, sequence, storedMs }) => {
          const message = readMessage(connection, declaration, subject, parseJson(data));
          tell(() => listener.message({ place: sequence, storedMs, message }));
        },
        restarted: () => tell(() => listener.restarted()),
        caughtUp: () => tell(() => listener.caughtUp()),
      });
    },
    (thrown: unknown) => log.error({ stream, err: thrown }, `a stream cannot be read: ${errorText(thrown)}`),
  );
  return () => {
    stopped = true;
    stop();
  };
}
