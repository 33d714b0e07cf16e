import { deadline, unary } from '../../../client/call-failed.js';
import type { CreateRoomResponse } from '../../../gen/room_control_service/room_control_service.js';
import { assertAgreed, withAccountService } from '../../account-service.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { roomClients } from './room-clients.js';

/** `postern rooms create`. */
export async function run(invocation: Invocation): Promise<number> {
  const roomName = requiredWord(invocation, 0);
  const answer = await withAccountService(invocation, (connection) =>
    unary<CreateRoomResponse>((done) =>
      roomClients(connection).control.createRoom({ roomName }, connection.metadata(), deadline(), done),
    ),
  );
  assertAgreed(answer);
  invocation.streams.stderr.write(`the room '${roomName}' is there\n`);
  return 0;
}
