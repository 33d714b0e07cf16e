import { z } from 'zod';
import { accountMethod } from '../asking/method.js';

/** As it was given; what it may be is looked at where rooms are kept. */
const roomName = z.string().max(1_024, 'roomName is too long');
const room = z.object({ roomName });
const nothing = z.object({});

/** Where the numbers of participants come from. */
export const roomSources = ['livekit', 'kv'] as const;
export type RoomSource = (typeof roomSources)[number];

const roomView = z.object({
  name: z.string(),
  participants: z.number().int().nonnegative(),
  madeBy: z.string(),
  madeAtMs: z.number(),
  mine: z.boolean(),
});
/** A room, as somebody may see it. */
export type RoomView = z.infer<typeof roomView>;

/** What may be asked about rooms. */
export const roomMethods = {
  create: accountMethod('rooms', 'create', { args: room, result: nothing }),
  join: accountMethod('rooms', 'join', {
    args: z.object({ roomName, identity: z.string().max(1_024, 'identity is too long') }),
    result: z.object({ token: z.string() }),
  }),
  list: accountMethod('rooms', 'list', {
    args: nothing,
    result: z.object({ rooms: z.array(roomView), source: z.enum(roomSources) }),
  }),
  delete: accountMethod('rooms', 'delete', { args: room, result: nothing }),
} as const;
