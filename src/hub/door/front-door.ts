import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { CallHead, CallTarget } from '../../rpc/call.js';
import { forwardableMetadata } from '../../rpc/metadata.js';
import { clientOf } from '../../wire/client.js';
import { refuse, refuseRequest } from '../../wire/refuse.js';
import { RepeatedHeaders } from '../../wire/repeated-headers.js';
import { readRequestWith } from '../../wire/request.js';
import { type ServeHooks, serveCall } from '../../wire/serve-call.js';
import type { CallStats } from '../call-stats.js';
import type { Asker } from './entrance.js';
import type { Gate } from './gate.js';
import type { DoorRefusal } from './refusal.js';
import { Said } from './said.js';

/** Takes gRPC calls over HTTP/2 from outside, and asks the gate about each. */
export class FrontDoor {
  readonly #gate: Gate;
  readonly #stats: CallStats;
  readonly #repeated = new WeakMap<Http2Session, RepeatedHeaders<Said>>();

  constructor(gate: Gate, stats: CallStats) {
    this.#gate = gate;
    this.#stats = stats;
  }

  /** One call, as the listener of this configured address got it. Never throws. */
  handle(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    listener: string,
  ): void {
    const said = this.#saidBy(stream.session, rawHeaders);
    const request = readRequestWith(headers, said.metadata);
    if (!request.ok) {
      this.#stats.refused(undefined, headers[':path'] ?? '', undefined, request.status, 'BAD_REQUEST');
      refuseRequest(stream, request);
      return;
    }
    const { path, authority, metadata, timeoutMs } = request.head;
    const from = clientOf(stream.session).addressIn(headers);
    const asked = { path, authority, metadata, timeoutMs, listener, from, said };
    this.#gate.decide(asked, new Http2Asker(stream));
  }

  /** What a request says, as it was read before where the connection says the same again. */
  #saidBy(session: Http2Session | undefined, rawHeaders: readonly string[]): Said {
    if (session === undefined) return read(rawHeaders);
    let repeated = this.#repeated.get(session);
    if (repeated === undefined) {
      repeated = new RepeatedHeaders(read);
      this.#repeated.set(session, repeated);
    }
    return repeated.of(rawHeaders);
  }
}

function read(rawHeaders: readonly string[]): Said {
  return new Said(forwardableMetadata(rawHeaders));
}

class Http2Asker implements Asker {
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  serve(head: CallHead, target: CallTarget, hooks: ServeHooks): void {
    serveCall(this.#stream, head, target, hooks);
  }

  refuse({ status, message, code, retryAfterMs }: DoorRefusal): void {
    refuse(this.#stream, status, message, code, retryAfterMs);
  }
}
