import { deadline, unary } from '../../../client/call-failed.js';
import type { DeleteRoomResponse } from '../../../gen/room_control_service/room_control_service.js';
import { assertAgreed, withAccountService } from '../../account-service.js';
import type { Invocation } from '../../invocation.js';
import { roomClients } from './room-clients.js';

/** `postern rooms rm`. */
export function run(invocation: Invocation): Promise<number> {
  const names = invocation.words.filter((word) => word !== undefined);
  return withAccountService(invocation, async (connection) => {
    const { control } = roomClients(connection);
    for (const roomName of names) {
      const answer = await unary<DeleteRoomResponse>((done) =>
        control.deleteRoom({ roomName }, connection.metadata(), deadline(), done),
      );
      assertAgreed(answer);
      invocation.streams.stderr.write(`there is no room '${roomName}' any more\n`);
    }
    return 0;
  });
}
