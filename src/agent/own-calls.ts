import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import type { OwnService } from './own-services.js';
import { JoinedReflection } from './reflection/joined-reflection.js';
import type { Upstreams } from './upstreams.js';

/** What an agent with services of its own answers besides, as paths start without the first slash. */
const helpers = ['grpc.health.v1.Health/', 'grpc.reflection.'] as const;
const reflection = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map(
  (name) => `/${name}.ServerReflection/ServerReflectionInfo`,
);

/** What the paths of the calls start with that an agent with these services takes itself, without the first slash. */
export function ownPrefixes(services: readonly OwnService[]): string[] {
  return services.length === 0 ? [] : [...services.map(({ name }) => `${name}/`), ...helpers];
}

/**
 * The agent's own services beside the servers: they are always its own, health is the servers' where they take
 * it, and reflection is answered by both.
 */
export class OwnCalls implements CallTarget {
  readonly #own: CallTarget;
  readonly #services: readonly string[];
  readonly #upstreams: Upstreams;

  constructor(own: CallTarget, services: readonly OwnService[], upstreams: Upstreams) {
    this.#own = own;
    this.#services = services.map(({ name }) => `/${name}/`);
    this.#upstreams = upstreams;
  }

  open(head: CallHead, sink: CallSink): Call {
    const { path } = head;
    if (this.#services.some((service) => path.startsWith(service))) return this.#own.open(head, sink);
    const taken = this.#upstreams.serves(path);
    if (taken && reflection.includes(path))
      return new JoinedReflection(this.#own, this.#upstreams, head, sink);
    const ours = !taken && helpers.some((prefix) => path.startsWith(`/${prefix}`));
    return (ours ? this.#own : this.#upstreams).open(head, sink);
  }
}
