import { PosternError } from '../errors.js';
import type { Node } from '../gen/postern/v1/nodes.js';

/** What a node shall be like. */
export interface WaitCondition {
  /** As it was written. */
  readonly text: string;
  /** `undefined`: the hub does not know the node. */
  holds(node: Node | undefined): boolean;
}

/** States of the `node` machine in which calls get through. */
const callable: readonly string[] = ['connected.idle', 'connected.serving'];
const states: readonly string[] = [
  'connected',
  ...callable,
  'connected.joining',
  'connected.draining',
  'suspect',
  'lost',
  'revoked',
  'unseen',
];

/** Reads `state=STATE` or `instances=N`. Throws `USAGE` (exit status 2). */
export function readCondition(text: string): WaitCondition {
  const [, what, wanted = ''] = /^(state|instances)=(.*)$/.exec(text) ?? [];
  if (what === 'state') {
    if (!states.includes(wanted)) {
      throw usage(`--for: '${wanted}' is no state of a node: it is one of ${states.join(', ')}`);
    }
    const fits = wanted === 'connected' ? callable : [wanted];
    return { text, holds: (node) => node !== undefined && fits.includes(node.state) };
  }
  if (what === 'instances') {
    if (!/^[1-9]\d{0,2}$/.test(wanted)) throw usage(`--for: '${wanted}' is no number of instances, 1 to 999`);
    return { text, holds: (node) => readyOf(node) >= Number(wanted) };
  }
  throw usage(`--for: '${text}' is neither state=STATE nor instances=N`);
}

/** What is seen of a node, in a few words. */
export function seenText(name: string, node: Node | undefined): string {
  if (node === undefined) return `${name} is not known to the hub, or not for this token`;
  const ready = readyOf(node);
  return `${name} is ${node.state} with ${ready} ready ${ready === 1 ? 'instance' : 'instances'}`;
}

function readyOf(node: Node | undefined): number {
  return node?.instances.filter(({ standing }) => standing === 'ready').length ?? 0;
}

function usage(message: string): PosternError {
  return new PosternError('USAGE', message, { exitCode: 2 });
}
