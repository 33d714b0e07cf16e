import { deadline, unary } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type {
  CreateCallerTokenRequest,
  CreateCallerTokenResponse,
  CreateJoinTokenRequest,
  CreateJoinTokenResponse,
} from '../../gen/postern/v1/tokens.js';
import type { Invocation } from '../invocation.js';
import type { Options } from '../options.js';
import { callerTokenRequest, joinTokenRequest } from '../token-policy.js';
import { withHub } from '../with-hub.js';

/** Options that say something about one kind of token alone. */
const onlyJoin = ['uses', 'many', 'label'];
const onlyCaller = [
  'nodes',
  'methods',
  'role',
  'rate',
  'in-flight',
  'bytes',
  'max-message',
  'max-deadline',
  'email',
];

/** `postern token create`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const make = orderOf(options);
  const made = await withHub(invocation, (connection) => {
    const { tokens } = hubServices(connection);
    const metadata = connection.metadata();
    if (make.kind === 'join') {
      return unary<CreateJoinTokenResponse>((done) =>
        tokens.createJoinToken(make.request, metadata, deadline(), done),
      );
    }
    return unary<CreateCallerTokenResponse>((done) =>
      tokens.createCallerToken(make.request, metadata, deadline(), done),
    );
  });
  if (options.text('output') === 'json') {
    streams.stdout.write(prettyJson({ id: made.id, token: made.token, expiresAtMs: made.expiresAtMs }));
  } else {
    streams.stdout.write(`${made.token}\n`);
    streams.stderr.write(`token ${made.id}, good until ${new Date(made.expiresAtMs).toISOString()}\n`);
  }
  return 0;
}

type Order =
  | { readonly kind: 'join'; readonly request: CreateJoinTokenRequest }
  | { readonly kind: 'caller'; readonly request: CreateCallerTokenRequest };

function orderOf(options: Options): Order {
  const node = options.text('join');
  const caller = options.text('caller');
  if (node !== undefined && caller === undefined) {
    refuseOthers(options, onlyCaller, '--join');
    return { kind: 'join', request: joinTokenRequest(node, options) };
  }
  if (caller !== undefined && node === undefined) {
    refuseOthers(options, onlyJoin, '--caller');
    return { kind: 'caller', request: callerTokenRequest(caller, options) };
  }
  throw new PosternError('USAGE', 'say either --join NODE or --caller NAME', { exitCode: 2 });
}

/** A limit that was said and does not count would be worse than none. */
function refuseOthers(options: Options, names: readonly string[], kind: string): void {
  const said = names.map((name) => options.given(name)?.from).find((from) => from?.startsWith('--'));
  if (said === undefined) return;
  throw new PosternError('USAGE', `${said} says nothing about a token made with ${kind}`, { exitCode: 2 });
}
