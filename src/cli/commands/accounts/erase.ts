import { deadline, unary } from '../../../client/call-failed.js';
import type { EraseResponse } from '../../../gen/postern/v1/account_storage.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { confirmed } from '../../operate/confirm.js';

/** `postern accounts erase`. */
export async function run(invocation: Invocation): Promise<number> {
  const email = requiredWord(invocation, 0);
  if (!(await confirmed(invocation, `Everything that is kept of ${email} will be gone.`))) return 1;
  await withAccountService(invocation, (connection) =>
    unary<EraseResponse>((done) =>
      accountClients(connection).storage.erase({ email }, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stderr.write(`nothing is kept of ${email} any more\n`);
  return 0;
}
