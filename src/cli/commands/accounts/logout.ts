import { deadline, unary } from '../../../client/call-failed.js';
import type { LogOutResponse } from '../../../gen/postern/v1/accounts.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import { ContextFiles } from '../../contexts/context-files.js';
import { hubChoiceOf } from '../../hub-choice.js';
import type { Invocation } from '../../invocation.js';

/** `postern accounts logout`. */
export async function run(invocation: Invocation): Promise<number> {
  const everywhere = invocation.options.flag('everywhere');
  await withAccountService(invocation, async (connection) => {
    // Read now: it may just have been renewed.
    const { context } = await hubChoiceOf(invocation);
    const refreshToken = context?.content.account?.refreshToken ?? '';
    await unary<LogOutResponse>((done) =>
      accountClients(connection).own.logOut(
        { everywhere, refreshToken },
        connection.metadata(),
        deadline(),
        done,
      ),
    );
    if (context?.content.account === undefined) return;
    await new ContextFiles(invocation.env).remove(context.name);
    invocation.streams.stderr.write(`context ${context.name} is removed\n`);
  });
  invocation.streams.stderr.write(`logged out${everywhere ? ' everywhere' : ''}\n`);
  return 0;
}
