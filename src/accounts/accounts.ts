import { setTimeout as sleep } from 'node:timers/promises';
import type { AssertionKeys } from '../auth/assertion.js';
import type { CallerKey } from '../auth/caller-tokens.js';
import type { Bus } from '../bus/bus.js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { createAnswerer } from './asking/answer.js';
import { createAsk } from './asking/ask.js';
import { startAuth } from './auth/auth.js';
import { type AccountsConfigInput, accountsConfig } from './config.js';
import { callerAt } from './face/caller.js';
import { openFace } from './face/door.js';
import { translator } from './face/face-method.js';
import type { AccountPart, PartContext } from './part.js';
import type { RoomSource } from './rooms/methods.js';
import { startRooms } from './rooms/start.js';
import { startStorage } from './storage/start.js';

/** Between two tries to open the buckets, milliseconds. */
const againMs = 500;

/** What the account services are given by whoever starts them. */
export interface AccountsDeps {
  /** Connected as `accounts`; closed by whoever started them, after they have stopped. */
  readonly bus: Bus;
  /** Signs their tokens; the same for all processes. */
  readonly key: CallerKey;
  /** What hubs sign their assertions with. */
  readonly assertionKeys: () => Promise<AssertionKeys>;
  readonly log: Logger;
  /** Unix milliseconds; default: the system's clock. */
  readonly now?: () => number;
}

/** Where they listen, as bound. */
export interface AccountsPlaces {
  readonly rest: readonly string[];
  readonly auth: readonly string[];
  readonly storage: readonly string[];
  readonly rooms: readonly string[];
  /** Where room control knows from how many are in a room: `livekit`, or nowhere: `kv`. */
  readonly roomSource: RoomSource;
  /** Where mails come in. */
  readonly mail: readonly string[];
}

/** Account services that were started. */
export interface RunningAccounts {
  /** Rejects when they cannot listen; a store that does not answer is waited for. */
  readonly ready: Promise<AccountsPlaces>;
  stop(): Promise<void>;
}

/** Starts the account services: their faces here, and the answers to faces in whatever process. */
export function startAccounts(input: AccountsConfigInput, deps: AccountsDeps): RunningAccounts {
  const config = accountsConfig.parse(input);
  const life = new AbortController();
  const stops: (() => Promise<void>)[] = [];
  const ready = start(config, deps, { life: life.signal, stops });
  ready.catch(() => {}); // told to whoever looks at it
  return {
    ready,
    async stop() {
      life.abort();
      await ready.catch(() => {});
      for (const stop of stops.reverse()) await stop();
    },
  };
}

async function start(
  config: PartContext['config'],
  { bus, key, assertionKeys, log, now = Date.now }: AccountsDeps,
  { life, stops }: { life: AbortSignal; stops: (() => Promise<void>)[] },
): Promise<AccountsPlaces> {
  const ask = createAsk(bus);
  const answerer = createAnswerer(bus, log);
  stops.push(async () => answerer.stop());
  const begin = async <T extends Pick<AccountPart, 'stop'>>(open: () => Promise<T>): Promise<T> => {
    const part = await patiently(open, life, log);
    stops.push(() => part.stop());
    return part;
  };
  const common = { config, bus, answer: answerer.answer, now, log };
  const auth = await begin(() => startAuth({ ...common, key, ask }));
  answerer.hear(auth.seen);
  const faceAt = (audience: string) =>
    translator({
      ask,
      callerOf: callerAt(audience, { keys: assertionKeys, tokenCaller: auth.tokenCaller }),
      log,
    });
  const { routes } = config;
  const { people } = auth;
  const rooms = await begin(() => startRooms({ ...common, translate: faceAt(routes.rooms) }, people));
  const kept = [...people.kept, ...rooms.kept];
  const storage = await begin(() =>
    startStorage({ ...common, translate: faceAt(routes.storage) }, people, kept),
  );
  const services = auth.services(faceAt(routes.auth));
  const open = async (
    addresses: readonly string[],
    part: Pick<AccountPart, 'services'>,
  ): Promise<string[]> => {
    const bound: string[] = [];
    for (const address of addresses) {
      const door = await openFace(address, part.services);
      stops.push(() => door.close());
      bound.push(door.address);
    }
    return bound;
  };
  return {
    rest: await auth.openRest(config.listen.rest),
    auth: await open(config.listen.auth, { services }),
    storage: await open(config.listen.storage, storage),
    rooms: await open(config.listen.rooms, rooms),
    roomSource: rooms.source,
    mail: await auth.openMail(),
  };
}

/** Waits for JetStream as long as it takes. */
async function patiently<T>(open: () => Promise<T>, life: AbortSignal, log: Logger): Promise<T> {
  for (;;) {
    life.throwIfAborted();
    try {
      return await open();
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'STORE_UNAVAILABLE') throw thrown;
      log.warn(`the account services cannot start yet: ${errorText(thrown)}`);
    }
    await sleep(againMs, undefined, { signal: life });
  }
}
