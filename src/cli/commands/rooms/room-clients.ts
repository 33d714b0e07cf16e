import { credentials } from '@grpc/grpc-js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { RoomsClient } from '../../../gen/postern/v1/rooms.js';
import { RoomControlServiceClient } from '../../../gen/room_control_service/room_control_service.js';

/** The services of room control, over a connection that is there already. */
export function roomClients({ target, client }: HubConnection) {
  const insecure = credentials.createInsecure();
  const shared = { channelOverride: client.getChannel() };
  return {
    control: new RoomControlServiceClient(target.address, insecure, shared),
    rooms: new RoomsClient(target.address, insecure, shared),
  };
}
