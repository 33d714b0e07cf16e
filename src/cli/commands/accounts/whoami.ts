import { deadline, unary } from '../../../client/call-failed.js';
import type { WhoAmIResponse } from '../../../gen/postern/v1/accounts.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import type { Invocation } from '../../invocation.js';

/** `postern accounts whoami`. */
export async function run(invocation: Invocation): Promise<number> {
  const { email, admin } = await withAccountService(invocation, (connection) =>
    unary<WhoAmIResponse>((done) =>
      accountClients(connection).own.whoAmI({}, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stdout.write(`${email.replace(/\p{Cc}/gu, ' ')}${admin ? ' (administrator)' : ''}\n`);
  return 0;
}
