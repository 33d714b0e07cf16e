import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import { JoinedReflection } from './reflection/joined-reflection.js';
import type { Upstreams } from './upstreams.js';

/** What the paths of the calls start with that an agent with a process serves itself, without the first slash. */
export const ownPrefixes = ['external.Fluentd/', 'grpc.health.v1.Health/', 'grpc.reflection.'] as const;
const [service, ...helpers] = ownPrefixes;
const reflection = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map(
  (name) => `/${name}.ServerReflection/ServerReflectionInfo`,
);

/**
 * The agent's own services beside the servers: its service is always its own, health is the servers' where they take
 * it, and reflection is answered by both.
 */
export class OwnCalls implements CallTarget {
  readonly #own: CallTarget;
  readonly #upstreams: Upstreams;

  constructor(own: CallTarget, upstreams: Upstreams) {
    this.#own = own;
    this.#upstreams = upstreams;
  }

  open(head: CallHead, sink: CallSink): Call {
    const { path } = head;
    if (path.startsWith(`/${service}`)) return this.#own.open(head, sink);
    const taken = this.#upstreams.serves(path);
    if (taken && reflection.includes(path))
      return new JoinedReflection(this.#own, this.#upstreams, head, sink);
    const ours = !taken && helpers.some((prefix) => path.startsWith(`/${prefix}`));
    return (ours ? this.#own : this.#upstreams).open(head, sink);
  }
}
