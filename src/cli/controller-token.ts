import { randomBytes } from 'node:crypto';
import { type CallerKey, signCallerToken } from '../auth/caller-tokens.js';

/** Life of the token that a controller calls nodes with, milliseconds; it gets a new one each time that it connects. */
const tokenMs = 30 * 86_400_000;
/** All that it calls on nodes. */
const methods = ['postern.v1.TestsService/*', 'postern.v1.FaultsService/*'];

/** A token that is good for the work of a controller alone. */
export function controllerToken(key: CallerKey): Promise<string> {
  return signCallerToken(key, {
    subject: 'controller',
    tokenId: `controller-${randomBytes(8).toString('hex')}`,
    issuer: 'postern',
    roles: ['call', 'operate'],
    methods,
    limits: {},
    expiresAtMs: Date.now() + tokenMs,
  });
}
