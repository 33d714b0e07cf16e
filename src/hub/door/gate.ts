import { takeToken } from '../../auth/bearer.js';
import type { CallerVerifier } from '../../auth/caller-verifier.js';
import type { Identity } from '../../auth/identity.js';
import { allowedTimeoutMs } from '../../auth/policy.js';
import type { CallHead, CallTarget, RawMetadata } from '../../rpc/call.js';
import { isForwardPath } from '../../rpc/forward.js';
import type { ServeHooks } from '../../wire/serve-call.js';
import type { CallStats } from '../call-stats.js';
import { withCaller, withoutCaller } from '../caller-metadata.js';
import type { NodeView } from '../node-view.js';
import type { Nodes } from '../nodes.js';
import type { RowCalls } from '../routes/service.js';
import type { Destination } from './destination.js';
import { type IdentityHeaders, withEmail, withoutIdentity } from './identity-headers.js';
import { HeldCall, type OpenCalls } from './open-calls.js';
import { mayNotPass } from './passage.js';
import { type DoorRefusal, notForCalls, tokenMissing, tokensDiffer, unverified } from './refusal.js';
import type { Router } from './routes.js';
import { counted, ServiceGate } from './service-gate.js';

const healthPrefix = '/grpc.health.v1.Health/';

/** A call as somebody outside asks for it, whatever protocol it came in. */
export interface AskedCall extends Omit<CallHead, 'caller'> {
  /** The configured address of the listener that it came in at. */
  readonly listener: string;
  /** It asks for a forward, whose path nobody else may use. */
  readonly forward?: boolean;
}

/** Who asks. Exactly one of the two is called, once, at once or later; it must not throw. */
export interface Asker {
  /** The call may pass: it is to be played into `target`, and its end told to `hooks`, which count it as open. */
  serve(head: CallHead, target: CallTarget, hooks: ServeHooks): void;
  refuse(refusal: DoorRefusal): void;
}

type Head = Omit<CallHead, 'caller'>;
/** All but local services, which have a gate of their own. */
type Elsewhere = Exclude<Destination, { kind: 'service' }>;

/** Decides about every call from outside: who calls, where to, may they. It knows nothing of how calls come in. */
export class Gate {
  readonly #router: Router;
  readonly #verifier: CallerVerifier;
  readonly #nodes: Nodes;
  readonly #own: CallTarget;
  readonly #stats: CallStats;
  readonly #open: OpenCalls;
  readonly #services: ServiceGate;
  readonly #isOurs = (token: string): boolean => this.#verifier.signed(token);

  constructor(options: {
    router: Router;
    verifier: CallerVerifier;
    nodes: Nodes;
    /** The hub's own services. */
    own: CallTarget;
    stats: CallStats;
    open: OpenCalls;
    /** How local services are told who calls; default: by `user_email` alone. */
    identityHeaders?: IdentityHeaders;
  }) {
    this.#router = options.router;
    this.#verifier = options.verifier;
    this.#nodes = options.nodes;
    this.#own = options.own;
    this.#stats = options.stats;
    this.#open = options.open;
    const { verifier, stats, open, identityHeaders: headers } = options;
    this.#services = new ServiceGate({
      verifier,
      stats,
      open,
      ...(headers === undefined ? {} : { headers }),
    });
  }

  /** Lets a call through or refuses it. A token that was verified before is decided upon at once. */
  decide(asked: AskedCall, asker: Asker): void {
    if (asked.forward !== true && isForwardPath(asked.path)) {
      asker.refuse(notForCalls);
      return;
    }
    const to = this.#router.route(asked);
    if (to.kind === 'service') {
      this.#services.decide(asked, to, asker);
      return;
    }
    const { path, authority, timeoutMs } = asked;
    const node = nodeOf(to);
    const { token, differ, rest } = takeToken(to.metadata, this.#isOurs);
    const head: Head = { path, authority, timeoutMs, metadata: withoutIdentity(withoutCaller(rest)) };
    if (to.kind === 'malformed') {
      this.#refuse(asker, head, undefined, undefined, to.refusal);
      return;
    }
    if (to.kind === 'hub' && path.startsWith(healthPrefix)) {
      this.#serve(asker, head, head.metadata, undefined, this.#own, undefined);
      return;
    }
    if (differ) {
      this.#refuse(asker, head, node, undefined, tokensDiffer);
      return;
    }
    if (token === undefined) {
      this.#refuse(asker, head, node, undefined, tokenMissing);
      return;
    }
    const identity = this.#verifier.verified(token);
    if (identity !== undefined) {
      this.#admit(asker, head, to, identity);
      return;
    }
    this.#verifier.verify(token).then(
      (verified) => this.#admit(asker, head, to, verified),
      (thrown: unknown) => this.#refuse(asker, head, node, undefined, unverified(thrown)),
    );
  }

  #admit(asker: Asker, head: Head, to: Elsewhere, identity: Identity): void {
    if (to.kind === 'none' || to.kind === 'malformed') {
      this.#refuse(asker, head, undefined, identity, to.refusal);
      return;
    }
    if (to.kind === 'hub') {
      const metadata = withCaller(head.metadata, identity);
      this.#serve(asker, head, metadata, identity, this.#own, undefined);
      return;
    }
    const { node, calls } = to;
    const view = this.#nodes.view(node);
    const refusal = mayNotPass(node, view, head.path, identity);
    if (refusal !== undefined) this.#refuse(asker, head, node, identity, refusal);
    else if (view !== undefined) {
      this.#serve(asker, head, withEmail(head.metadata, identity), identity, view.target, view, calls);
    }
  }

  #serve(
    asker: Asker,
    { path, authority, timeoutMs }: Head,
    metadata: RawMetadata,
    identity: Identity | undefined,
    target: CallTarget,
    view: NodeView | undefined,
    calls?: RowCalls,
  ): void {
    const caller = identity?.subject ?? '';
    const begun = this.#stats.begin(view, path, caller);
    const hooks = calls === undefined ? begun : counted(calls, begun);
    if (identity === undefined) {
      asker.serve({ path, authority, timeoutMs, metadata, caller }, target, hooks);
      return;
    }
    const allowedMs = allowedTimeoutMs(identity, timeoutMs);
    const held = new HeldCall(this.#open, identity, target, hooks);
    asker.serve({ path, authority, timeoutMs: allowedMs, metadata, caller }, held, held);
  }

  #refuse(
    asker: Asker,
    head: Head,
    node: string | undefined,
    identity: Identity | undefined,
    refusal: DoorRefusal,
  ): void {
    this.#stats.refused(node?.slice(0, 64), head.path, identity, refusal.status, refusal.code);
    asker.refuse(refusal);
  }
}

function nodeOf(to: Destination): string | undefined {
  return to.kind === 'node' ? to.node : undefined;
}
