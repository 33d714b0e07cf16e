import { deadline, unary } from '../../../client/call-failed.js';
import type { RegisterResponse } from '../../../gen/account_auth_service/account_auth_service.js';
import { assertAgreed, withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import { type Invocation, requiredWord } from '../../invocation.js';

/** `postern accounts register`. */
export async function run(invocation: Invocation): Promise<number> {
  const email = requiredWord(invocation, 0);
  const { stdout, stderr } = invocation.streams;
  const answer = await withAccountService(
    invocation,
    (connection) =>
      unary<RegisterResponse>((done) =>
        accountClients(connection).contract.userRegisterRequest(
          { email },
          connection.metadata(),
          deadline(),
          done,
        ),
      ),
    { anonymous: true },
  );
  assertAgreed(answer);
  const { theEmailTheUserNeedToSendVerifyCodeTo: to, theVerifyCodeTheUserNeedToSendBack: code } = answer;
  const mailTo = shown(to);
  if (code === '') {
    stderr.write(`a code was mailed to ${email}; then: postern accounts confirm ${email} CODE\n`);
    return 0;
  }
  stdout.write(`${shown(code)}\n`);
  if (mailTo !== '') {
    stderr.write(`mail 'verify: ${shown(code)}' from ${email} to ${mailTo}; then: `);
  }
  stderr.write(`postern accounts confirm ${email} ${shown(code)}\n`);
  return 0;
}

/** A server's text shall not steer a terminal. */
function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
