import type { Identity } from '../../auth/identity.js';
import type { CallHead, CallTarget, RawMetadata } from '../../rpc/call.js';
import { isForwardPath } from '../../rpc/forward.js';
import { withCaller } from '../caller-metadata.js';
import type { Nodes } from '../nodes.js';
import type { Authentication, Inquirer } from './authentication.js';
import type { Destination } from './destination.js';
import type { Asker, Entrance, Passage } from './entrance.js';
import { forwardedFor, type IdentityHeaders, withEmail, withoutProxies } from './identity-headers.js';
import { mayNotPass } from './passage.js';
import { type DoorRefusal, notForCalls } from './refusal.js';
import type { Router } from './routes.js';
import { Said } from './said.js';
import { mayNotUse } from './service-passage.js';

const healthPrefix = '/grpc.health.v1.Health/';

/** A call as somebody outside asks for it, whatever protocol it came in. */
export interface AskedCall extends Omit<CallHead, 'caller'> {
  /** The configured address of the listener that it came in at. */
  readonly listener: string;
  /** Address of the client, which local services are told; undefined: its proxies contradict one another. */
  readonly from: string | undefined;
  /** It asks for a forward, whose path nobody else may use. */
  readonly forward?: boolean;
  /** What the metadata say, where that is known. */
  readonly said?: Said;
}

type Routable = Exclude<Destination, { kind: 'malformed' }>;

/** Decides about every call from outside: where to, who calls, may they. It knows nothing of how calls come in. */
export class Gate {
  readonly #router: Router;
  readonly #authentication: Authentication;
  readonly #nodes: Nodes;
  readonly #own: CallTarget;
  readonly #headers: IdentityHeaders;
  readonly #entrance: Entrance;

  constructor(options: {
    router: Router;
    authentication: Authentication;
    nodes: Nodes;
    /** The hub's own services. */
    own: CallTarget;
    /** How local services are told who calls. */
    identityHeaders: IdentityHeaders;
    entrance: Entrance;
  }) {
    this.#router = options.router;
    this.#authentication = options.authentication;
    this.#nodes = options.nodes;
    this.#own = options.own;
    this.#headers = options.identityHeaders;
    this.#entrance = options.entrance;
  }

  /** Lets a call through or refuses it. A token that was verified before is decided upon at once. */
  decide(asked: AskedCall, asker: Asker): void {
    const said = asked.said ?? new Said(asked.metadata);
    const to = said.node ?? this.#router.routeUnnamed(asked);
    if (asked.forward !== true && isForwardPath(asked.path)) {
      this.#refuse(asked, asker, to, notForCalls);
      return;
    }
    if (to.kind === 'malformed') {
      this.#refuse(asked, asker, to, to.refusal);
      return;
    }
    const taken = said.taken(this.#authentication.isOurs);
    if (to.kind === 'hub' && asked.path.startsWith(healthPrefix)) {
      this.#entrance.enter(asker, undefined, this.#ownPassage(asked, said.cleaned(taken.rest)));
      return;
    }
    const known = this.#authentication.known(taken);
    if (known !== undefined) {
      this.#admit(asked, asker, to, known, said.cleaned(taken.rest));
      return;
    }
    const isPublic = to.kind === 'service' && to.service.access === 'public';
    const inquirer: Inquirer = {
      identified: (identity, rest) => this.#admit(asked, asker, to, identity, said.cleaned(rest)),
      unidentified: (refusal) => this.#refuse(asked, asker, to, refusal),
    };
    this.#authentication.identify(said.rest, isPublic, inquirer, taken);
  }

  /** `said`: without what was for the hub alone. */
  #admit(
    asked: AskedCall,
    asker: Asker,
    to: Routable,
    identity: Identity | undefined,
    said: RawMetadata,
  ): void {
    const passage = this.#passage(asked, to, identity, said);
    if ('status' in passage) this.#refuse(asked, asker, to, passage, identity);
    else this.#entrance.enter(asker, identity, passage);
  }

  #refuse(
    { path, metadata }: AskedCall,
    asker: Asker,
    to: Destination,
    refusal: DoorRefusal,
    identity?: Identity,
  ): void {
    const node = to.kind === 'node' ? to.node : undefined;
    this.#entrance.refuse(asker, path, node, identity, refusal, metadata);
  }

  /** Where the call is to go, or why it may not. */
  #passage(
    asked: AskedCall,
    to: Routable,
    identity: Identity | undefined,
    said: RawMetadata,
  ): Passage | DoorRefusal {
    if (to.kind === 'none') return to.refusal;
    if (to.kind === 'service') return this.#servicePassage(asked, to, identity, said);
    if (identity === undefined) throw new TypeError('only services are public');
    if (to.kind === 'hub') return this.#ownPassage(asked, withCaller(said, identity));
    const { node, calls: row } = to;
    const view = this.#nodes.view(node);
    const refusal = mayNotPass(node, view, asked.path, identity);
    if (refusal !== undefined) return refusal;
    if (view === undefined) throw new TypeError('a node that may be called is known');
    return { head: headOf(asked, withEmail(said, identity)), target: view.target, view, row };
  }

  #ownPassage(asked: AskedCall, metadata: RawMetadata): Passage {
    return { head: headOf(asked, metadata), target: this.#own, view: undefined, row: undefined };
  }

  #servicePassage(
    asked: AskedCall,
    { service, path }: Extract<Destination, { kind: 'service' }>,
    identity: Identity | undefined,
    said: RawMetadata,
  ): Passage | DoorRefusal {
    const refusal = mayNotUse(service, path, identity);
    if (refusal !== undefined) return refusal;
    const told = identity === undefined ? [] : this.#headers(identity, service.audience);
    const metadata = [...withoutProxies(said), ...forwardedFor(asked.from), ...told];
    const timeoutMs = shorter(asked.timeoutMs, service.timeoutMs);
    const head = { path, authority: asked.authority, metadata, timeoutMs };
    return { head, target: service.target, view: undefined, row: service.calls };
  }
}

function headOf({ path, authority, timeoutMs }: AskedCall, metadata: RawMetadata): Passage['head'] {
  return { path, authority, timeoutMs, metadata };
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
