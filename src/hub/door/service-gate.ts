import { takeToken } from '../../auth/bearer.js';
import type { Identity } from '../../auth/identity.js';
import { allowedTimeoutMs } from '../../auth/policy.js';
import type { RawMetadata } from '../../rpc/call.js';
import type { CallResult, ServeHooks } from '../../wire/serve-call.js';
import type { CallStats } from '../call-stats.js';
import { withoutCaller } from '../caller-metadata.js';
import type { RowCalls } from '../routes/service.js';
import type { Destination } from './destination.js';
import type { AskedCall, Asker } from './gate.js';
import { type IdentityHeaders, userEmail, withoutIdentity } from './identity-headers.js';
import { HeldCall, type OpenCalls } from './open-calls.js';
import { type DoorRefusal, tokenMissing, tokensDiffer, unverified } from './refusal.js';
import { mayNotUse } from './service-passage.js';

/** What is asked of tokens here. */
export interface Verifier {
  verified(token: string): Identity | undefined;
  verify(token: string): Promise<Identity>;
  signed(token: string): boolean;
}

type ToService = Extract<Destination, { kind: 'service' }>;

/** Decides about calls to local services: who calls, may they, and what the service is told of them. */
export class ServiceGate {
  readonly #verifier: Verifier;
  readonly #stats: CallStats;
  readonly #open: OpenCalls;
  readonly #headers: IdentityHeaders;
  readonly #isOurs = (token: string): boolean => this.#verifier.signed(token);

  constructor(options: {
    verifier: Verifier;
    stats: CallStats;
    open: OpenCalls;
    headers?: IdentityHeaders;
  }) {
    this.#verifier = options.verifier;
    this.#stats = options.stats;
    this.#open = options.open;
    this.#headers = options.headers ?? userEmail;
  }

  /** Lets a call into the service or refuses it. */
  decide(asked: AskedCall, to: ToService, asker: Asker): void {
    const { token, differ, rest } = takeToken(to.metadata, this.#isOurs);
    const isPublic = to.service.access === 'public';
    if (differ) {
      this.#refuse(asked, asker, undefined, tokensDiffer);
      return;
    }
    if (token === undefined) {
      if (isPublic) this.#admit(asked, to, asker, rest, undefined);
      else this.#refuse(asked, asker, undefined, tokenMissing);
      return;
    }
    const identity = this.#verifier.verified(token);
    if (identity !== undefined) {
      this.#admit(asked, to, asker, rest, identity);
      return;
    }
    this.#verifier.verify(token).then(
      (verified) => this.#admit(asked, to, asker, rest, verified),
      (thrown: unknown) => {
        // What a public service is shown may be meant for itself, unless it is of this hub.
        if (isPublic)
          this.#admit(asked, to, asker, this.#isOurs(token) ? rest : withoutOurs(to.metadata), undefined);
        else this.#refuse(asked, asker, undefined, unverified(thrown));
      },
    );
  }

  #admit(
    asked: AskedCall,
    { service, path }: ToService,
    asker: Asker,
    metadata: RawMetadata,
    identity: Identity | undefined,
  ): void {
    const refusal = mayNotUse(service, path, identity);
    if (refusal !== undefined) {
      this.#refuse(asked, asker, identity, refusal);
      return;
    }
    const clean = withoutIdentity(withoutCaller(metadata));
    const told = identity === undefined ? [] : this.#headers(identity, service.audience);
    const caller = identity?.subject ?? '';
    const head = {
      path,
      authority: asked.authority,
      timeoutMs: shorter(
        identity === undefined ? asked.timeoutMs : allowedTimeoutMs(identity, asked.timeoutMs),
        service.timeoutMs,
      ),
      metadata: told.length === 0 ? clean : [...clean, ...told],
      caller,
    };
    const hooks = counted(service.calls, this.#stats.begin(undefined, path, caller));
    if (identity === undefined) {
      asker.serve(head, service.target, hooks);
      return;
    }
    const held = new HeldCall(this.#open, identity, service.target, hooks);
    asker.serve(head, held, held);
  }

  #refuse(asked: AskedCall, asker: Asker, identity: Identity | undefined, refusal: DoorRefusal): void {
    this.#stats.refused(undefined, asked.path, identity, refusal.status, refusal.code);
    asker.refuse(refusal);
  }
}

/** Counts a call as one of a row, for as long as it is open. */
export function counted(calls: RowCalls, hooks: ServeHooks): ServeHooks {
  const over = calls.begin();
  return {
    ended: (result: CallResult) => {
      over();
      hooks.ended(result);
    },
  };
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** Without the name that is for the hub alone. */
function withoutOurs(metadata: RawMetadata): RawMetadata {
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (name !== 'x-postern-authorization') rest.push(name, metadata[i + 1] ?? '');
  }
  return rest;
}
