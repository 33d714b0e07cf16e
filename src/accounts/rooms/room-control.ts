import { PosternError } from '../../errors.js';
import { normalAddress } from '../auth/address.js';
import type { KnownCaller } from '../whose.js';
import { joinToken, type LiveKitKey } from './join-token.js';
import type { LiveKitRooms } from './livekit.js';
import type { RoomSource, RoomView } from './methods.js';
import { roomIdentity, roomName } from './room-name.js';
import { byName, type RoomShelf } from './room-shelf.js';

/** What room control is made of. */
export interface RoomControlParts {
  readonly shelf: RoomShelf;
  /** By which join tokens are signed; undefined: there are none. */
  readonly key: LiveKitKey | undefined;
  /** A LiveKit server that is asked; undefined: what is kept here is all that is known. */
  readonly liveKit: LiveKitRooms | undefined;
  /** Only administrators may make rooms. */
  readonly adminsMake: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Rooms, by who may what: everybody may list and join them and, unless configured otherwise, make some; who made one, and
 * administrators, end it. A room is kept here first and told to LiveKit then, and ended there first: whatever is cut off
 * between the two is done by asking again.
 */
export class RoomControl {
  readonly #parts: RoomControlParts;

  constructor(parts: RoomControlParts) {
    this.#parts = parts;
  }

  /** Where numbers of participants come from. */
  get source(): RoomSource {
    return this.#parts.liveKit === undefined ? 'kv' : 'livekit';
  }

  /** Made twice by the same maker, it is there as after the first time. Throws `ALREADY_EXISTS`, `PERMISSION_DENIED`, `UNAVAILABLE`. */
  async create(by: KnownCaller, asked: string): Promise<void> {
    const { shelf, liveKit, adminsMake } = this.#parts;
    const name = roomName(asked);
    if (adminsMake && !by.admin) {
      throw new PosternError('PERMISSION_DENIED', 'only administrators make rooms here');
    }
    await shelf.create(name, by.name);
    await liveKit?.create(name);
  }

  /**
   * A token to join a room that is there, as oneself; administrators may name another identity. Throws `NOT_FOUND`,
   * `PERMISSION_DENIED`, `PRECONDITION_FAILED`.
   */
  async join(by: KnownCaller, asked: { roomName: string; identity: string }): Promise<string> {
    const { key, now } = this.#parts;
    const room = roomName(asked.roomName);
    const identity = identityFor(by, asked.identity);
    if (key === undefined) {
      throw new PosternError(
        'PRECONDITION_FAILED',
        'no key of a LiveKit server is configured here, so nobody can be let in',
      );
    }
    await this.#assertThere(room);
    return joinToken(key, { room, identity, nowMs: now() });
  }

  /** All rooms, also those that others have made at LiveKit. Throws `UNAVAILABLE` when LiveKit does not answer. */
  async list(by: KnownCaller): Promise<RoomView[]> {
    const { shelf, liveKit } = this.#parts;
    const [kept, present] = await Promise.all([shelf.all(), liveKit?.participants()]);
    const views = kept.map(({ name, maker, createdAtMs }): RoomView => {
      const mine = maker === by.name;
      return {
        name,
        participants: present?.get(name) ?? 0,
        madeBy: mine || by.admin ? maker : '',
        madeAtMs: createdAtMs,
        mine,
      };
    });
    const known = new Set(kept.map(({ name }) => name));
    const others = [...(present ?? [])].filter(([name]) => !known.has(name));
    const strange = others.map(([name, participants]) => ({
      name,
      participants,
      madeBy: '',
      madeAtMs: 0,
      mine: false,
    }));
    return [...views, ...strange].sort(byName);
  }

  /** Nothing happens to a room that is not there. Throws `PERMISSION_DENIED`, `UNAVAILABLE`. */
  async delete(by: KnownCaller, asked: string): Promise<void> {
    const { shelf, liveKit } = this.#parts;
    const name = roomName(asked);
    const maker = (await shelf.get(name))?.maker;
    if (maker !== by.name && !by.admin) {
      if (maker === undefined && !(await liveKit?.participants())?.has(name)) return;
      throw new PosternError(
        'PERMISSION_DENIED',
        `'${name}' can be deleted by who made it, and by administrators`,
      );
    }
    await liveKit?.delete(name);
    await shelf.delete(name);
  }

  async #assertThere(name: string): Promise<void> {
    const { shelf, liveKit } = this.#parts;
    if ((await shelf.get(name)) !== undefined) return;
    if ((await liveKit?.participants())?.has(name) === true) return;
    throw new PosternError('NOT_FOUND', `there is no room '${name}': CreateRoom makes it`);
  }
}

/** Who a caller may be in a room: themself, unless they are an administrator. */
function identityFor({ email, admin, name }: KnownCaller, asked: string): string {
  if (asked === '') return roomIdentity(email ?? name);
  if (email !== undefined && normalAddress(asked) === email) return email;
  if (admin) return roomIdentity(asked);
  throw new PosternError(
    'PERMISSION_DENIED',
    'identity is not you: leave it empty, or give your own address',
  );
}
