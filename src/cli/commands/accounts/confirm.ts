import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { CallFailed, deadline, unary } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { PosternError } from '../../../errors.js';
import type { ConfirmResponse, Session } from '../../../gen/postern/v1/accounts.js';
import { withAccountService } from '../../account-service.js';
import { accountClients } from '../../accounts/clients.js';
import { type Context, checkedContextName } from '../../contexts/context.js';
import { ContextFiles } from '../../contexts/context-files.js';
import { hubChoiceOf } from '../../hub-choice.js';
import { type Input, type Invocation, type Output, requiredWord } from '../../invocation.js';

/** Between two looks whether the mail has come, milliseconds. */
const lookMs = 1_000;
/** Longest code that is read from standard input, characters. */
const longestCode = 256;

/** `postern accounts confirm`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, env } = invocation;
  const { stdin, stderr } = invocation.streams;
  const email = requiredWord(invocation, 0);
  const name = checkedContextName(options.text('save-as') ?? 'account');
  const code = invocation.words[1] ?? (await readCode(stdin, stderr));
  const untilMs = Date.now() + (options.durationMs('mail-within') ?? 0);
  await withAccountService(
    invocation,
    async (connection) => {
      const session = await confirmed(connection, { email, code, untilMs });
      const files = new ContextFiles(env);
      const { ca } = await hubChoiceOf(invocation);
      const content = contextOf(invocation, connection, { email, session, ca });
      await files.write(name, content, true);
      if ((await files.chosen()) === undefined) await files.choose(name);
      const chosen = (await files.chosen()) === name;
      stderr.write(
        chosen
          ? `you are ${email}: kept as context ${name}, which counts from now on\n`
          : `you are ${email}: kept as context ${name}; choose it with \`postern context use ${name}\`\n`,
      );
    },
    { anonymous: true },
  );
  return 0;
}

/** Asks again while the mail with the code has not come. */
async function confirmed(
  connection: HubConnection,
  { email, code, untilMs }: { email: string; code: string; untilMs: number },
): Promise<Session> {
  for (;;) {
    try {
      const { session } = await unary<ConfirmResponse>((done) =>
        accountClients(connection).own.confirm({ email, code }, connection.metadata(), deadline(), done),
      );
      if (session !== undefined) return session;
      throw new PosternError('REFUSED', 'the service gave no session');
    } catch (thrown) {
      const waits = thrown instanceof CallFailed && thrown.status.code === status.FAILED_PRECONDITION;
      if (!waits || Date.now() + lookMs > untilMs) throw thrown;
    }
    await sleep(lookMs);
  }
}

function contextOf(
  { options }: Invocation,
  { target }: HubConnection,
  { email, session, ca }: { email: string; session: Session; ca: string | undefined },
): Context {
  const { jwt: token, refreshToken } = session;
  const host = options.text('host');
  return {
    hub: `${target.tls === undefined || target.address.startsWith('unix:') ? '' : 'https://'}${target.address}`,
    token,
    account: { email, refreshToken, ...(host === undefined ? {} : { host }) },
    ...(ca === undefined ? {} : { hubCa: resolve(ca) }),
  };
}

async function readCode(stdin: Input, stderr: Output): Promise<string> {
  if (stdin.isTTY) stderr.write('code: ');
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > longestCode) break;
  }
  const [code = ''] = text.trim().split('\n');
  if (code !== '') return code;
  throw new PosternError('USAGE', 'there is no code: name it behind the address', { exitCode: 2 });
}
