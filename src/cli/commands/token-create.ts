import { deadline, unary } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { CreateCallerTokenResponse, CreateJoinTokenResponse } from '../../gen/postern/v1/tokens.js';
import type { Invocation } from '../invocation.js';
import { ttlSecondsOf } from '../ttl.js';
import { withHub } from '../with-hub.js';

/** `postern token create`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const node = options.text('join');
  const caller = options.text('caller');
  if ((node === undefined) === (caller === undefined)) {
    throw new PosternError('USAGE', 'say either --join NODE or --caller NAME', { exitCode: 2 });
  }
  const ttlSeconds = ttlSecondsOf(options);
  const made = await withHub(invocation, (connection) => {
    const { tokens } = hubServices(connection);
    const metadata = connection.metadata();
    if (node !== undefined) {
      return unary<CreateJoinTokenResponse>((done) =>
        tokens.createJoinToken({ node, ttlSeconds }, metadata, deadline(), done),
      );
    }
    const request = {
      subject: caller ?? '',
      nodes: [...options.list('nodes')].flatMap((names) => names.split(',')),
      roles: [options.text('role') ?? 'call'],
      ttlSeconds,
    };
    return unary<CreateCallerTokenResponse>((done) =>
      tokens.createCallerToken(request, metadata, deadline(), done),
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
