import { stores } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { AccountPart, PartContext } from '../part.js';
import type { People } from '../people.js';
import type { PersonalData } from '../personal-data.js';
import { knownCaller } from '../whose.js';
import { roomsFace } from './face.js';
import { liveKitRooms } from './livekit.js';
import { liveKitKey } from './livekit-key.js';
import { type RoomSource, roomMethods } from './methods.js';
import { RoomControl } from './room-control.js';
import { RoomShelf } from './room-shelf.js';

/** Room control, started. */
export interface RoomsPart extends AccountPart {
  /** What it keeps about people. */
  readonly kept: readonly PersonalData[];
  /** Where it knows from how many are in a room. */
  readonly source: RoomSource;
}

/** Starts room control. */
export async function startRooms(
  { bus, config, answer, translate, now, log }: PartContext,
  people: People,
): Promise<RoomsPart> {
  const { livekit, most, mostPerMaker, madeBy } = config.rooms;
  const { url, timeoutSeconds } = livekit ?? {};
  const signing = livekit && (await liveKitKey(livekit));
  const server = url === undefined || signing === undefined ? undefined : { ...signing, url, timeoutSeconds };
  const liveKit = server && liveKitRooms(server);
  const shelf = new RoomShelf({
    store: await bus.store(stores.accountRooms),
    most: { rooms: most, perMaker: mostPerMaker },
    // A server that is away keeps nobody's data: it ends a room by itself when all have left.
    ended: async (name) => {
      await liveKit
        ?.delete(name)
        .catch((thrown: unknown) => log.warn(`a room ends later: ${errorText(thrown)}`));
    },
    now,
  });
  const control = new RoomControl({ shelf, key: signing, liveKit, adminsMake: madeBy === 'admins', now });

  answer(roomMethods.create, async ({ roomName }, { caller }) => {
    const by = await knownCaller(caller, people);
    await control.create(by, roomName);
    // Whose account was erased meanwhile leaves no room behind: the erasure may have been past them.
    await knownCaller(caller, people).catch(async (thrown: unknown) => {
      await control.delete(by, roomName);
      throw thrown;
    });
    return {};
  });
  answer(roomMethods.join, async (asked, { caller }) => ({
    token: await control.join(await knownCaller(caller, people), asked),
  }));
  answer(roomMethods.list, async (_, { caller }) => ({
    rooms: await control.list(await knownCaller(caller, people)),
    source: control.source,
  }));
  answer(roomMethods.delete, async ({ roomName }, { caller }) => {
    await control.delete(await knownCaller(caller, people), roomName);
    return {};
  });
  return { services: roomsFace(translate), kept: [shelf], source: control.source, stop: async () => {} };
}
