import type { Role } from '../../auth/identity.js';
import type { CallTarget } from '../../rpc/call.js';
import type { Address } from '../../wire/address.js';
import type { DialTls } from '../../wire/dial.js';

/** Calls and requests that went by one row of the table. */
export class RowCalls {
  /** Open now. */
  open = 0;
  /** Begun since the row is in the table. */
  total = 0;

  /** One begins; the answer is to be called at its end, and counts once. */
  begin(): () => void {
    this.open += 1;
    this.total += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.open -= 1;
    };
  }
}

/** A service near the hub that a row of the table leads to. */
export interface LocalService {
  /** What messages call its row. */
  readonly name: string;
  /** Where it listens, as it is configured. */
  readonly url: string;
  /** `grpc`: calls over HTTP/2; `http`: requests over HTTP/1.1, WebSockets among them. */
  readonly protocol: 'grpc' | 'http';
  readonly address: Address;
  /** TLS towards the address; absent: none. */
  readonly tls?: DialTls | undefined;
  /** `host` of a client that calls it by its own address. */
  readonly authority: string;
  /** `public`: everybody may come in, without a token. */
  readonly access: 'token' | 'public';
  /** One of these roles is demanded; undefined: `call`. */
  readonly roles?: readonly Role[] | undefined;
  /** What may be called: patterns of gRPC methods, or HTTP methods, by `protocol`; undefined: all. */
  readonly methods?: readonly string[] | undefined;
  /** Longest time for a call or request, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Origins whose pages may read answers; undefined: as the hub is configured. */
  readonly cors?: readonly string[] | undefined;
  /** Whom an assertion of who calls is for; undefined: the row does not ask for one. */
  readonly audience: string | undefined;
  readonly calls: RowCalls;
  /** Takes the calls; there with `grpc` alone. */
  readonly target?: CallTarget | undefined;
}
