import { z } from 'zod';
import { type CallerKey, defaultRoles, signCallerToken } from '../auth/caller-tokens.js';
import { maySee } from '../auth/identity.js';
import { ownIssuer } from '../auth/own-claims.js';
import { labels, nodeName } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import type { TokensServiceServer } from '../gen/postern/v1/tokens.js';
import type { Logger } from '../log.js';
import type { Caller } from './caller-metadata.js';
import { grantedLabels } from './covered.js';
import type { Nodes } from './nodes.js';
import { unary } from './own-calls.js';
import { grantOf, mustHold, shownToken } from './token-grants.js';
import type { TokenRegistry } from './tokens.js';

const joinTtlSeconds = 3_600;
const callerTtlSeconds = 30 * 86_400;
/** Ten years. */
const longestTtlSeconds = 10 * 365 * 86_400;

const callerName = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._@+ -]{0,127}$/u,
    'a name of letters, digits and ._@+- is needed, at most 128',
  );
const tokenId = z.string().regex(/^[0-9a-f]{18}$/, 'it is no id of a token');
const uses = z.number().max(64, 'at most 64: a node has no more keys');
const givenLabels = labels.refine((given) => Object.keys(given).length <= 64, 'at most 64');

/** `postern.v1.TokensService`. */
export function tokensService(
  tokens: TokenRegistry,
  nodes: Pick<Nodes, 'view' | 'revokeJoinedWith'>,
  key: CallerKey,
  log: Logger,
): TokensServiceServer {
  return {
    createJoinToken: unary('join', log, async (request, caller) => {
      const node = checked('node', nodeName, request.node);
      const given = checked('labels', givenLabels, request.labels);
      mayInvite(caller, node, nodes);
      const { entry, token } = await tokens.createJoin({
        node,
        createdBy: caller.subject,
        nowMs: Date.now(),
        lifeMs: lifeOf(request.ttlSeconds, joinTtlSeconds),
        mostUses: checked('uses', uses, request.uses) || 1,
        ...(Object.keys(given).length === 0 ? {} : { labels: given }),
      });
      log.info({ node, tokenId: entry.id, by: caller.subject }, 'a join token was made');
      return { id: entry.id, token, expiresAtMs: entry.expiresAtMs };
    }),
    createCallerToken: unary('admin', log, async (request, caller) => {
      const subject = checked('subject', callerName, request.subject);
      const wanted = grantOf(request, defaultRoles);
      mustHold(caller, wanted);
      const entry = await tokens.createCaller({
        subject,
        createdBy: caller.subject,
        nowMs: Date.now(),
        lifeMs: lifeOf(request.ttlSeconds, callerTtlSeconds),
        policy: JSON.stringify(wanted),
      });
      const { id, expiresAtMs } = entry;
      const token = await signCallerToken(key, {
        ...wanted,
        subject,
        tokenId: id,
        issuer: ownIssuer,
        expiresAtMs,
      });
      log.info({ subject, tokenId: id, by: caller.subject }, 'a caller token was made');
      return { id, token, expiresAtMs };
    }),
    getToken: unary('admin', log, ({ id }) => {
      const entry = tokens.get(checked('id', tokenId, id));
      if (entry === undefined) throw new PosternError('TOKEN_UNKNOWN', 'there is no token with this id');
      return { token: shownToken(entry, Date.now()) };
    }),
    listTokens: unary('admin', log, () => {
      const now = Date.now();
      return { tokens: tokens.list(now).map((entry) => shownToken(entry, now)) };
    }),
    revokeToken: unary('admin', log, async ({ id }, caller) => {
      const { kind, subject } = await tokens.revoke(checked('id', tokenId, id), Date.now());
      const keys = kind === 'join' ? await nodes.revokeJoinedWith(subject, id) : undefined;
      log.info({ tokenId: id, keys, by: caller.subject }, 'a token was revoked');
      return {};
    }),
  };
}

/**
 * Who makes a join token decides which labels its node has, and so who calls it. That is for those to whom the node
 * belongs by its name, or by labels that it has already: nobody makes a node their own by giving it a label.
 */
function mayInvite(caller: Caller, node: string, nodes: Pick<Nodes, 'view'>): void {
  if (maySee(caller, node, grantedLabels(nodes.view(node)))) return;
  throw new PosternError(
    'PERMISSION_DENIED',
    `'${caller.subject}' may not invite node '${node}': claim nodes allows ${caller.nodes?.slice(0, 4).join(' ')}`,
  );
}

function checked<T>(field: string, schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new PosternError('INVALID_ARGUMENT', `${field}: ${read.error.issues[0]?.message ?? 'invalid'}`);
}

function lifeOf(ttlSeconds: number, fallback: number): number {
  if (ttlSeconds > longestTtlSeconds) {
    throw new PosternError('INVALID_ARGUMENT', `ttl_seconds: at most ${longestTtlSeconds} (ten years)`);
  }
  return (ttlSeconds === 0 ? fallback : ttlSeconds) * 1000;
}
