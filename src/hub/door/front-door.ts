import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { CallHead, CallTarget } from '../../rpc/call.js';
import { refuse, refuseRequest } from '../../wire/refuse.js';
import { readRequest } from '../../wire/request.js';
import { type ServeHooks, serveCall } from '../../wire/serve-call.js';
import type { CallStats } from '../call-stats.js';
import type { Asker } from './entrance.js';
import type { Gate } from './gate.js';
import type { DoorRefusal } from './refusal.js';

/** Takes gRPC calls over HTTP/2 from outside, and asks the gate about each. */
export class FrontDoor {
  readonly #gate: Gate;
  readonly #stats: CallStats;

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
    const request = readRequest(headers, rawHeaders);
    if (!request.ok) {
      this.#stats.refused(undefined, headers[':path'] ?? '', undefined, request.status, 'BAD_REQUEST');
      refuseRequest(stream, request);
      return;
    }
    this.#gate.decide({ ...request.head, listener }, new Http2Asker(stream));
  }
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
