import { decodeJwt } from 'jose';
import { deadline, unary } from '../../../client/call-failed.js';
import { prettyJson } from '../../../client/codecs/json.js';
import type { AllowJoinResponse } from '../../../gen/room_control_service/room_control_service.js';
import { assertAgreed, withAccountService } from '../../account-service.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { roomClients } from './room-clients.js';

/** `postern rooms join`. */
export async function run(invocation: Invocation): Promise<number> {
  const roomName = requiredWord(invocation, 0);
  const identity = invocation.options.text('identity') ?? '';
  const answer = await withAccountService(invocation, (connection) =>
    unary<AllowJoinResponse>((done) =>
      roomClients(connection).control.allowJoin(
        { roomName, identity },
        connection.metadata(),
        deadline(),
        done,
      ),
    ),
  );
  assertAgreed(answer);
  const { accessToken } = answer;
  const { stdout } = invocation.streams;
  if (invocation.options.text('output') !== 'json') {
    stdout.write(`${accessToken}\n`);
    return 0;
  }
  const { sub = '', exp = 0 } = decodeJwt(accessToken);
  stdout.write(
    prettyJson({ room: roomName, identity: sub, expires: new Date(exp * 1_000).toISOString(), accessToken }),
  );
  return 0;
}
