import { deadline, unary } from '../../../client/call-failed.js';
import type { PromoteResponse } from '../../../gen/postern/v1/accounts.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import { type Invocation, requiredWord } from '../../invocation.js';

/** `postern accounts promote`. */
export async function run(invocation: Invocation): Promise<number> {
  const email = requiredWord(invocation, 0);
  const demote = invocation.options.flag('demote');
  const { account } = await withAccountService(invocation, (connection) =>
    unary<PromoteResponse>((done) =>
      accountClients(connection).own.promote({ email, demote }, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stderr.write(
    `${email} is ${account?.admin === true ? 'an administrator' : 'no administrator'} now\n`,
  );
  return 0;
}
