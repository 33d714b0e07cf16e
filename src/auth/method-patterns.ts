import { z } from 'zod';

/** `*`, `pkg.*`, `pkg.Service/*` or `pkg.Service/Method`, without the slash in front. */
const patternForm = /^(?:\*|[\w-]+(?:\.[\w-]+)*(?:\.\*|\/\*|\/[\w-]+))$/;
/**
 * A path that patterns may let through: one service, one method. Whatever else is in a path (`..`, `%2e`, a second
 * slash, a query) could lead a server elsewhere than the pattern says.
 */
const pathForm = /^\/[\w-]+(?:\.[\w-]+)*\/[\w-]+$/;
/** A forward: `postern.forward/HOST:PORT` (encoded as in its path), `postern.forward/` for the node's own server, or any. */
const forwardPatternForm = /^postern\.forward\/(?:\*|[\w.:%-]*)$/;
const forwardPathForm = /^\/postern\.forward\/[\w.:%-]*$/;
const longestPattern = 512;

/** One pattern of methods; a slash in front is taken off. */
export const methodPattern = z
  .string()
  .max(longestPattern)
  .transform((text) => (text.startsWith('/') ? text.slice(1) : text))
  .refine(
    (text) => patternForm.test(text) || forwardPatternForm.test(text),
    'a method pattern is pkg.Service/Method, pkg.Service/*, pkg.*, * or postern.forward/HOST:PORT',
  );

/** True when one of the patterns lets calls of the path (`/pkg.Service/Method`) through; no list at all lets all. */
export function coversMethod(patterns: readonly string[] | undefined, path: string): boolean {
  if (patterns === undefined) return true;
  if (patterns.includes('*')) return true;
  if (!pathForm.test(path) && !forwardPathForm.test(path)) return false;
  const method = path.slice(1);
  return patterns.some((pattern) => methodFits(pattern, method));
}

/** `method` may be a pattern too: then all that it lets through fits. */
function methodFits(pattern: string, method: string): boolean {
  return pattern === method || (pattern.endsWith('*') && method.startsWith(pattern.slice(0, -1)));
}

/** True when `held` lets through whatever `wanted` lets through. */
export function methodsCover(
  held: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  if (held === undefined || held.includes('*')) return true;
  if (wanted === undefined) return false;
  return wanted.every((pattern) => held.some((own) => methodFits(own, pattern)));
}
