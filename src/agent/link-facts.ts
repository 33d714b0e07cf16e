import type { LinkContext } from '../../machines/link.js';

/** The facts of a link that others may see: nothing secret. */
export function shownFacts(context: LinkContext): Record<string, unknown> {
  return {
    way: context.ways[context.way],
    attempt: context.attempt,
    ...(context.instance === undefined ? {} : { instance: context.instance }),
    ...(context.epoch === undefined ? {} : { epoch: context.epoch }),
    ...(context.hub === undefined ? {} : { hub: context.hub }),
    ...(context.lastError === undefined ? {} : { error: context.lastError }),
    ...(context.end === undefined ? {} : { end: context.end }),
  };
}
