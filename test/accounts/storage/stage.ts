import { type CallOptions, type Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { AccountStorageServiceClient } from '../../../src/gen/account_storage_service/account_storage_service.js';
import { AccountStorageClient } from '../../../src/gen/postern/v1/account_storage.js';
import { RoomsClient } from '../../../src/gen/postern/v1/rooms.js';
import { RoomControlServiceClient } from '../../../src/gen/room_control_service/room_control_service.js';
import type { Accounts } from '../auth/stage.js';

/** A method of a generated client, in its longest form. */
type Method<Q, P> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, response: P) => void,
) => unknown;

/** The faces of storage and rooms of one process, as somebody with this metadata calls them. */
export function facesOf({ places }: Accounts, metadata: Metadata) {
  const insecure = credentials.createInsecure();
  const [storageAt = ''] = places.storage;
  const [roomsAt = ''] = places.rooms;
  const clients = {
    storage: new AccountStorageServiceClient(storageAt, insecure),
    own: new AccountStorageClient(storageAt, insecure),
    rooms: new RoomControlServiceClient(roomsAt, insecure),
    roomList: new RoomsClient(roomsAt, insecure),
  };
  const asked =
    <Q, P>(client: Client, method: Method<Q, P>) =>
    (request: Q): Promise<P> =>
      new Promise((resolve, reject) => {
        method.call(client, request, metadata, {}, (error, response) => {
          // as it came over the wire: fields that are absent are no fields
          if (error === null) resolve(JSON.parse(JSON.stringify(response)));
          else reject(error);
        });
      });
  const { storage, own, rooms, roomList } = clients;
  return {
    createUser: asked(storage, storage.createUser),
    getUser: asked(storage, storage.getUser),
    updateUser: asked(storage, storage.updateUser),
    deleteUser: asked(storage, storage.deleteUser),
    getProfile: asked(own, own.getProfile),
    updateProfile: asked(own, own.updateProfile),
    export: asked(own, own.export),
    erase: asked(own, own.erase),
    createRoom: asked(rooms, rooms.createRoom),
    allowJoin: asked(rooms, rooms.allowJoin),
    listRooms: asked(rooms, rooms.listRooms),
    deleteRoom: asked(rooms, rooms.deleteRoom),
    roomList: asked(roomList, roomList.listRooms),
    close() {
      for (const client of Object.values(clients)) client.close();
    },
  };
}
export type Faces = ReturnType<typeof facesOf>;
