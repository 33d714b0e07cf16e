import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { takeToken } from '../auth/bearer.js';
import type { CallerVerifier } from '../auth/caller-tokens.js';
import { type Identity, mayCall } from '../auth/identity.js';
import { nodeName } from '../bus/messages.js';
import { errorText, PosternError } from '../errors.js';
import type { CallHead, CallTarget, RawMetadata } from '../rpc/call.js';
import { ignore, refuse, refuseRequest } from '../wire/refuse.js';
import { readRequest } from '../wire/request.js';
import { serveCall } from '../wire/serve-call.js';
import { ago } from './ago.js';
import type { CallStats } from './call-stats.js';
import { withCaller, withoutCaller } from './caller-metadata.js';
import type { NodeView } from './node-view.js';
import type { Nodes } from './nodes.js';
import { serves } from './pool.js';
import type { Router } from './routes.js';

const healthPrefix = '/grpc.health.v1.Health/';
const status = {
  invalidArgument: 3,
  permissionDenied: 7,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

type Head = Omit<CallHead, 'caller'>;

/** Why a call is not let through. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Takes every gRPC call from outside: who calls, where to, may they; then on to the node or the hub itself. */
export class FrontDoor {
  readonly #router: Router;
  readonly #verifier: CallerVerifier;
  readonly #nodes: Nodes;
  readonly #own: CallTarget;
  readonly #stats: CallStats;
  readonly #isOurs = (token: string): boolean => this.#verifier.signed(token);

  constructor(options: {
    router: Router;
    verifier: CallerVerifier;
    nodes: Nodes;
    /** The hub's own services. */
    own: CallTarget;
    stats: CallStats;
  }) {
    this.#router = options.router;
    this.#verifier = options.verifier;
    this.#nodes = options.nodes;
    this.#own = options.own;
    this.#stats = options.stats;
  }

  /** One call, as the listener of this configured address got it. Never throws. */
  handle(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    listener: string,
  ): void {
    const request = readRequest(headers, rawHeaders);
    if (!request.ok) {
      this.#stats.refused(undefined, headers[':path'] ?? '', undefined, request.status, 'BAD_REQUEST');
      refuseRequest(stream, request);
      return;
    }
    const { path, authority, timeoutMs } = request.head;
    const { node, metadata } = this.#router.route({ ...request.head, listener });
    const { token, rest } = takeToken(metadata, this.#isOurs);
    const head: Head = { path, authority, timeoutMs, metadata: withoutCaller(rest) };
    if (node === undefined && path.startsWith(healthPrefix)) {
      this.#serve(stream, head, head.metadata, '', this.#own, undefined);
      return;
    }
    if (token === undefined) {
      this.#refuse(stream, head, node, undefined, {
        status: status.unauthenticated,
        code: 'UNAUTHENTICATED',
        message:
          'a caller token is missing: send it as metadata authorization: Bearer TOKEN, or x-postern-authorization',
      });
      return;
    }
    const identity = this.#verifier.verified(token);
    if (identity !== undefined) {
      this.#admit(stream, head, node, identity);
      return;
    }
    stream.on('error', ignore);
    this.#verifier.verify(token).then(
      (verified) => this.#admit(stream, head, node, verified),
      (thrown: unknown) => this.#refuse(stream, head, node, undefined, unverified(thrown)),
    );
  }

  #admit(stream: ServerHttp2Stream, head: Head, node: string | undefined, identity: Identity): void {
    if (node === undefined) {
      const metadata = withCaller(head.metadata, identity);
      this.#serve(stream, head, metadata, identity.subject, this.#own, undefined);
      return;
    }
    const view = this.#nodes.view(node);
    const refusal = mayNotPass(node, view, head.path, identity);
    if (refusal !== undefined) this.#refuse(stream, head, node, identity, refusal);
    else if (view !== undefined) {
      this.#serve(stream, head, head.metadata, identity.subject, view.target, view);
    }
  }

  #serve(
    stream: ServerHttp2Stream,
    { path, authority, timeoutMs }: Head,
    metadata: RawMetadata,
    caller: string,
    target: CallTarget,
    view: NodeView | undefined,
  ): void {
    const head: CallHead = { path, authority, timeoutMs, metadata, caller };
    serveCall(stream, head, target, this.#stats.begin(view, path, caller));
  }

  #refuse(
    stream: ServerHttp2Stream,
    head: Head,
    node: string | undefined,
    identity: Identity | undefined,
    refusal: Refusal,
  ): void {
    this.#stats.refused(node?.slice(0, 64), head.path, identity, refusal.status, refusal.code);
    refuse(stream, refusal.status, refusal.message, refusal.code);
  }
}

/** Why a call may not go to the node now; undefined: it may. A view is only there for a name that was validated. */
function mayNotPass(
  node: string,
  view: NodeView | undefined,
  path: string,
  identity: Identity,
): Refusal | undefined {
  if (view === undefined) {
    const checked = nodeName.safeParse(node);
    if (!checked.success) {
      const reason = checked.error.issues[0]?.message ?? 'it is no node name';
      const message = `${JSON.stringify(node.slice(0, 64))} names no node: ${reason}`;
      return { status: status.invalidArgument, code: 'NODE_NAME_INVALID', message };
    }
  }
  if (!mayCall(identity, node)) {
    const message = `'${identity.subject}' may not call node '${node}'`;
    return { status: status.permissionDenied, code: 'PERMISSION_DENIED', message };
  }
  const unavailable = (code: string, message: string): Refusal => ({
    status: status.unavailable,
    code,
    message,
  });
  if (view === undefined) return unavailable('NODE_UNKNOWN', `node '${node}' is not known here`);
  if (view.ready.length === 0) {
    if (view.state === 'revoked') return unavailable('NODE_REVOKED', `node '${node}' was revoked`);
    if (view.state === 'connected.joining') {
      return unavailable('NODE_JOINING', `node '${node}' is about to join and takes no calls yet`);
    }
    if (view.state === 'connected.draining') {
      return unavailable('NODE_DRAINING', `node '${node}' is about to leave and takes no new calls`);
    }
    const seen = view.lastSeenAtMs === 0 ? 'never seen' : `last seen ${ago(view.lastSeenAtMs, Date.now())}`;
    return unavailable('NODE_OFFLINE', `node '${node}' is not connected (${seen})`);
  }
  if (!view.ready.some((place) => serves(place, path))) {
    const message = `no instance of node '${node}' serves ${path}`;
    return { status: status.unimplemented, code: 'NOT_SERVED', message };
  }
  return undefined;
}

function unverified(thrown: unknown): Refusal {
  if (thrown instanceof PosternError && thrown.code === 'UNAUTHENTICATED') {
    return { status: status.unauthenticated, code: 'UNAUTHENTICATED', message: thrown.message };
  }
  return {
    status: status.internal,
    code: 'INTERNAL',
    message: `the caller token could not be checked: ${errorText(thrown)}`,
  };
}
