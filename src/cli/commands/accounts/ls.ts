import { deadline, unary } from '../../../client/call-failed.js';
import type { Account, AccountsListResponse } from '../../../gen/postern/v1/accounts.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';

const pageSize = 1_000;

/** `postern accounts ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const accounts = await withAccountService(invocation, async (connection) => {
    const { own } = accountClients(connection);
    const found: Account[] = [];
    for (let more = true; more; ) {
      const request = { after: found.at(-1)?.email ?? '', limit: pageSize };
      const page = await unary<AccountsListResponse>((done) =>
        own.list(request, connection.metadata(), deadline(), done),
      );
      found.push(...page.accounts);
      more = page.more && page.accounts.length > 0;
    }
    return found;
  });
  invocation.streams.stdout.write(formatList(listFormatOf(invocation), accountView, accounts));
  return 0;
}

const accountView: RecordView<Account> = {
  root: 'accounts',
  element: 'account',
  name: ({ email }) => email,
  json: (account) => ({ ...account }),
  columns: [
    { title: 'EMAIL', text: ({ email }) => email },
    { title: 'ADMIN', text: ({ admin }) => (admin ? 'yes' : '-') },
    { title: 'ONLINE', text: ({ online }) => (online ? 'yes' : '-') },
    { title: 'SEEN', text: ({ seenAtMs }) => new Date(seenAtMs).toISOString() },
    { title: 'MADE', text: ({ createdAtMs }) => new Date(createdAtMs).toISOString() },
  ],
};
