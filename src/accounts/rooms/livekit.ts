import { errorText, PosternError } from '../../errors.js';
import type { LiveKitKey } from './join-token.js';

/** A LiveKit server is waited for so long, seconds. */
export const defaultLiveKitSeconds = 5;
/** LiveKit keeps a room that nobody has joined, or that all have left, for so long, seconds; ours stays listed. */
const emptySeconds = 300;

/** A LiveKit server whose rooms are made, listed and ended. */
export interface LiveKitServer extends LiveKitKey {
  /** `http(s)://` or `ws(s)://`. */
  readonly url: string;
  /** It is waited for so long, seconds; default 5. */
  readonly timeoutSeconds?: number | undefined;
}

/** What rooms ask of a LiveKit server. Each throws `UNAVAILABLE` when it does not answer in time, or refuses us. */
export interface LiveKitRooms {
  /** Nothing happens to a room that is there. */
  create(room: string): Promise<void>;
  /** How many are in each room that it knows, by name. */
  participants(): Promise<ReadonlyMap<string, number>>;
  /** Puts all out who are in it; nothing happens where it is not there. */
  delete(room: string): Promise<void>;
}

/** The rooms of a LiveKit server, by its own SDK, which is loaded when it is first needed. */
export function liveKitRooms(server: LiveKitServer): LiveKitRooms {
  const { url, key, secret, timeoutSeconds = defaultLiveKitSeconds } = server;
  let made: ReturnType<typeof connect> | undefined;
  const connect = async () => {
    const { RoomServiceClient } = await import('livekit-server-sdk');
    return new RoomServiceClient(url, key, secret, { requestTimeout: timeoutSeconds, failover: false });
  };
  const ask = async <T>(work: (client: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> => {
    made ??= connect();
    const client = await made;
    try {
      return await work(client);
    } catch (cause) {
      if (isNotFound(cause)) throw cause;
      throw away(server, cause);
    }
  };
  return {
    create: async (name) => {
      await ask((client) => client.createRoom({ name, emptyTimeout: emptySeconds }));
    },
    participants: async () => {
      const rooms = await ask((client) => client.listRooms());
      return new Map(rooms.map((room) => [room.name, room.numParticipants]));
    },
    delete: async (name) => {
      try {
        await ask((client) => client.deleteRoom(name));
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
    },
  };
}

function isNotFound(thrown: unknown): boolean {
  return statusOf(thrown) === 404;
}

/** HTTP status that LiveKit answered; undefined: it did not. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown)) return undefined;
  return typeof thrown.status === 'number' ? thrown.status : undefined;
}

function away({ url, timeoutSeconds = defaultLiveKitSeconds }: LiveKitServer, cause: unknown): PosternError {
  const where = new URL(url).host;
  const status = statusOf(cause);
  if (status === 401 || status === 403) {
    return new PosternError('UNAVAILABLE', `LiveKit at ${where} does not take our key`, {
      hint: 'give the key and secret that stand in its configuration under keys',
      cause,
    });
  }
  const why = isTimeout(cause) ? `no answer within ${timeoutSeconds} s` : reasonOf(cause, status);
  return new PosternError('UNAVAILABLE', `LiveKit at ${where} cannot be asked now: ${why}`, {
    hint: 'nothing was lost: ask again when it is there',
    cause,
  });
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

/** `fetch` says only that it failed, and why in its cause. */
function reasonOf(thrown: unknown, status: number | undefined): string {
  if (status !== undefined) return `it answered ${status}`;
  const { cause } = thrown instanceof Error ? thrown : {};
  return cause === undefined ? errorText(thrown) : errorText(cause);
}
