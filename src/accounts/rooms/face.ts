import { RoomsService } from '../../gen/postern/v1/rooms.js';
import { RoomControlServiceService } from '../../gen/room_control_service/room_control_service.js';
import type { OwnService } from '../../own-service.js';
import type { Translate } from '../face/face-method.js';
import { roomMethods } from './methods.js';

/** The services of the rooms' listener: under the names that programs of before know, and what those have no names for. */
export function roomsFace(translate: Translate): OwnService[] {
  const named = ({ roomName }: { roomName: string }) => ({ roomName });
  const done = () => ({ success: true });
  const notDone = (error: string) => ({ success: false, error });
  return [
    {
      name: 'room_control_service.RoomControlService',
      definition: RoomControlServiceService,
      implementation: {
        createRoom: translate({ method: roomMethods.create, args: named, reply: done, refused: notDone }),
        deleteRoom: translate({ method: roomMethods.delete, args: named, reply: done, refused: notDone }),
        allowJoin: translate({
          method: roomMethods.join,
          args: ({ roomName, identity }: { roomName: string; identity: string }) => ({ roomName, identity }),
          reply: ({ token }) => ({ accessToken: token }),
          refused: (error) => ({ accessToken: '', error }),
        }),
        listRooms: translate({
          method: roomMethods.list,
          args: () => ({}),
          reply: ({ rooms }) => ({
            rooms: rooms.map(({ name, participants }) => ({
              roomName: name,
              numberOfParticipants: participants,
            })),
          }),
          refused: (error) => ({ rooms: [], error }),
        }),
      },
    },
    {
      name: 'postern.v1.Rooms',
      definition: RoomsService,
      implementation: {
        listRooms: translate({ method: roomMethods.list, args: () => ({}), reply: (found) => found }),
      },
    },
  ];
}
