import { z } from 'zod';
import { type CallerKey, defaultRoles, signCallerToken } from '../auth/caller-tokens.js';
import { maySee, nodesCover, roles } from '../auth/identity.js';
import { nodePattern } from '../auth/node-patterns.js';
import { nodeName } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import type { TokensServiceServer } from '../gen/postern/v1/tokens.js';
import type { Logger } from '../log.js';
import { unary } from './own-calls.js';
import { type TokenRegistry, tokenState } from './tokens.js';

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

/** `postern.v1.TokensService`. */
export function tokensService(tokens: TokenRegistry, key: CallerKey, log: Logger): TokensServiceServer {
  return {
    createJoinToken: unary('join', log, async (request, caller) => {
      const node = checked('node', nodeName, request.node);
      if (!maySee(caller, node, undefined)) {
        throw new PosternError('PERMISSION_DENIED', `'${caller.subject}' may not invite node '${node}'`);
      }
      const lifeMs = lifeOf(request.ttlSeconds, joinTtlSeconds);
      const { entry, token } = await tokens.createJoin({
        node,
        createdBy: caller.subject,
        nowMs: Date.now(),
        lifeMs,
      });
      log.info({ node, tokenId: entry.id, by: caller.subject }, 'a join token was made');
      return { id: entry.id, token, expiresAtMs: entry.expiresAtMs };
    }),
    createCallerToken: unary('admin', log, async (request, caller) => {
      const subject = checked('subject', callerName, request.subject);
      const held = checked('roles', z.array(z.enum(roles)).max(8), request.roles);
      const named = checked('nodes', z.array(nodePattern).max(64), request.nodes);
      const nodes = named.length === 0 ? undefined : named;
      if (!nodesCover(caller.nodes, nodes)) {
        throw new PosternError(
          'PERMISSION_DENIED',
          `'${caller.subject}' may not give away nodes that it may not call`,
        );
      }
      const lifeMs = lifeOf(request.ttlSeconds, callerTtlSeconds);
      const entry = await tokens.createCaller({
        subject,
        createdBy: caller.subject,
        nowMs: Date.now(),
        lifeMs,
      });
      const token = await signCallerToken(key, {
        subject,
        tokenId: entry.id,
        issuer: 'postern',
        roles: held.length === 0 ? defaultRoles : held,
        nodes,
        limits: {},
        expiresAtMs: entry.expiresAtMs,
      });
      log.info({ subject, tokenId: entry.id, by: caller.subject }, 'a caller token was made');
      return { id: entry.id, token, expiresAtMs: entry.expiresAtMs };
    }),
    listTokens: unary('admin', log, () => {
      const now = Date.now();
      const shown = tokens.list(now).map((entry) => ({
        id: entry.id,
        kind: entry.kind,
        subject: entry.subject,
        createdAtMs: entry.createdAtMs,
        expiresAtMs: entry.expiresAtMs,
        state: tokenState(entry, now),
      }));
      return { tokens: shown };
    }),
    revokeToken: unary('admin', log, async ({ id }, caller) => {
      await tokens.revoke(
        checked('id', z.string().regex(/^[0-9a-f]{18}$/, 'it is no id of a token'), id),
        Date.now(),
      );
      log.info({ tokenId: id, by: caller.subject }, 'a token was revoked');
      return {};
    }),
  };
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
