import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { AssertionSigner } from '../../auth/assertion.js';
import type { Identity } from '../../auth/identity.js';
import { allowedTimeoutMs } from '../../auth/policy.js';
import type { Logger } from '../../log.js';
import { clientAddress, clientOf } from '../../wire/client.js';
import { answerError, Http1Client, Http2Client, type HttpClient } from '../../wire/http-proxy-client.js';
import { type HttpHead, type ReadHead, readHttp1, readHttp2 } from '../../wire/http-proxy-head.js';
import { inTurn } from '../../wire/http1-turn.js';
import type { CallStats } from '../call-stats.js';
import { refuseUpgrade } from '../refuse-upgrade.js';
import type { Authentication } from './authentication.js';
import { isCall, isWebCall, namesNode } from './call-kinds.js';
import type { HttpDestination } from './destination.js';
import type { Entrance } from './entrance.js';
import { judgeOrigin, originRefused, withCors } from './http-cors.js';
import { asHttp, HttpGate, type HttpRefusal } from './http-gate.js';
import { HttpOrigins } from './http-origins.js';
import { httpToCall } from './http-status.js';
import type { IdentityHeaders } from './identity-headers.js';
import type { OpenCalls } from './open-calls.js';
import { isKeysPath, tellKeys } from './public-keys.js';
import type { DoorRefusal } from './refusal.js';
import type { HttpRouted, Router } from './routes.js';

/** The close code of a WebSocket whose token is good no more (RFC 6455 §7.4.1: policy violation). */
const policyViolation = 1008;

type ToService = Extract<HttpDestination, { kind: 'service' }>;

/** Takes requests that are no gRPC calls, WebSockets among them, to local services; and tells the hub's public keys. */
export class HttpDoor {
  readonly #router: Router;
  readonly #signer: AssertionSigner;
  readonly #stats: CallStats;
  readonly #gate: HttpGate;
  readonly #origins: HttpOrigins;
  readonly #open: OpenCalls;
  readonly #entrance: Entrance;

  constructor(options: {
    router: Router;
    authentication: Authentication;
    signer: AssertionSigner;
    /** How services are told who calls. */
    identityHeaders: IdentityHeaders;
    stats: CallStats;
    /** Ends what is open when its token is good no more. */
    open: OpenCalls;
    entrance: Entrance;
    log: Logger;
  }) {
    this.#router = options.router;
    this.#signer = options.signer;
    this.#stats = options.stats;
    this.#gate = new HttpGate(options.authentication, options.identityHeaders);
    this.#origins = new HttpOrigins(options.log);
    this.#open = options.open;
    this.#entrance = options.entrance;
  }

  /** False: the request is somebody else's. `listener` and `unbound` are the listener's. Never throws. */
  takeHttp1(
    request: IncomingMessage,
    response: ServerResponse,
    listener: string,
    unbound: () => void,
  ): boolean {
    const { headers, url = '' } = request;
    const asked = { listener, host: headers.host ?? '', path: url };
    if (isCall(headers) && !this.#isOfService(headers, asked)) return false;
    const to = this.#router.routeHttp(asked);
    if (to.kind === 'hub' && !isKeysPath(url)) return false;
    const take = (): void => {
      const client = new Http1Client(request, response);
      this.#take(readHttp1(request), to, client, clientAddress(request), unbound);
    };
    inTurn(response, unbound, take);
    return true;
  }

  /** As `takeHttp1`. */
  takeHttp2(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    listener: string,
  ): boolean {
    const path = headers[':path'] ?? '';
    const asked = { listener, host: headers[':authority'] ?? headers.host ?? '', path };
    if (isCall(headers) && !this.#isOfService(headers, asked)) return false;
    const to = this.#router.routeHttp(asked);
    if (to.kind === 'hub' && !isKeysPath(path)) return false;
    const from = clientOf(stream.session).addressIn(headers) ?? 'unknown';
    this.#take(readHttp2(stream, headers, rawHeaders), to, new Http2Client(stream), from, () => {});
    return true;
  }

  /** False: no row leads a WebSocket from there to a service. The socket's errors are taken by whoever calls. */
  takeUpgrade(request: IncomingMessage, socket: Duplex, early: Buffer, listener: string): boolean {
    const { headers, url = '' } = request;
    const to = this.#router.routeHttp({ listener, host: headers.host ?? '', path: url });
    if (to.kind === 'hub') return false;
    if (to.kind === 'malformed') {
      refuseUpgrade(socket, 400, 'PATH_INVALID', to.why);
      return true;
    }
    const read = readHttp1(request);
    if (!read.ok) {
      this.#refused(url, undefined, read);
      refuseUpgrade(socket, read.status, read.code, read.message);
      return true;
    }
    this.#upgrade(read.head, to, socket, early, clientAddress(request));
    return true;
  }

  /** Ends all that is open. */
  close(): void {
    this.#origins.close();
  }

  /** gRPC-web that names no node, where there is nothing but a service that speaks HTTP: that is what it is for. */
  #isOfService(headers: IncomingHttpHeaders, asked: HttpRouted): boolean {
    return isWebCall(headers) && !namesNode(headers) && this.#router.takesNoCalls(asked);
  }

  #take(read: ReadHead, to: HttpDestination, client: HttpClient, from: string, unbound: () => void): void {
    if (!read.ok) {
      this.#refuse(client, '', '', undefined, { ...read, fields: [] });
      return;
    }
    const { head } = read;
    if (to.kind === 'hub') tellKeys(this.#signer, head, client);
    else if (to.kind === 'malformed') {
      const refusal = { status: 400, code: 'PATH_INVALID', message: to.why, fields: [] };
      this.#refuse(client, head.method, head.path, undefined, refusal);
    } else this.#decide(head, to, client, from, unbound);
  }

  #decide(head: HttpHead, to: ToService, client: HttpClient, from: string, unbound: () => void): void {
    const { service, path } = to;
    const cors = judgeOrigin(head, service);
    if (cors.kind === 'refused') {
      this.#refuse(client, head.method, head.path, undefined, originRefused);
      return;
    }
    if (cors.kind === 'preflight') {
      client.respond(204, cors.fields, true);
      client.body.resume();
      return;
    }
    const said = cors.kind === 'allowed' ? cors.fields : [];
    const refuse = (identity: Identity | undefined, refusal: HttpRefusal): void => {
      const fields = [...refusal.fields, ...said];
      this.#refuse(client, head.method, head.path, identity, { ...refusal, fields });
    };
    this.#gate.decide(head, service, (verdict) => {
      const { identity } = verdict;
      if (!verdict.ok) {
        refuse(identity, verdict.refusal);
        return;
      }
      const hooks = this.#entrance.begin(identity, head.path, service.calls);
      if ('status' in hooks) {
        refuse(identity, asHttp(hooks));
        return;
      }
      unbound();
      let forget = (): void => {};
      const cut = this.#origins.of(service).play(
        { ...head, target: path, fields: verdict.fields },
        {
          client: from,
          added: verdict.told,
          wholeMs: timeoutOf(identity),
          answer: said.length === 0 ? undefined : (fields) => withCors(fields, said),
        },
        client,
        {
          ended: (end) => {
            forget();
            hooks.ended(httpToCall(end));
          },
        },
      );
      if (identity !== undefined) forget = this.#hold(identity, cut);
    });
  }

  #upgrade(head: HttpHead, to: ToService, socket: Duplex, early: Buffer, from: string): void {
    const { service, path } = to;
    this.#gate.decide(head, service, (verdict) => {
      const { identity } = verdict;
      if (socket.destroyed) return;
      if (!verdict.ok) {
        const { status, code, message, fields } = verdict.refusal;
        this.#refused(head.path, identity, verdict.refusal);
        refuseUpgrade(socket, status, code, message, fields);
        return;
      }
      const hooks = this.#entrance.begin(identity, head.path, service.calls);
      if ('status' in hooks) {
        const { status, code, message, fields } = asHttp(hooks);
        this.#refused(head.path, identity, { status, code });
        refuseUpgrade(socket, status, code, message, fields);
        return;
      }
      let end = { status: 0, code: '', complete: false, requestBytes: 0, responseBytes: 0 };
      let forget = (): void => {};
      const open = this.#origins
        .of(service)
        .upgrade(
          { ...head, target: path, fields: verdict.fields },
          { client: from, added: verdict.told },
          socket,
          early,
          {
            opened: () => {
              end = { ...end, status: 101, complete: true };
            },
            answered: (status) => {
              end = { ...end, status, complete: true };
            },
            failed: ({ status, code, why }) => {
              end = { ...end, status, code };
              refuseUpgrade(socket, status, code, `service '${service.name}': ${why}`);
            },
            closed: () => {
              forget();
              hooks.ended(httpToCall(end));
            },
          },
        );
      if (identity !== undefined) {
        forget = this.#hold(identity, (why) => open.close(policyViolation, why));
      }
    });
  }

  /** Has it ended with its token; the answer says that it has ended by itself. */
  #hold(identity: Identity, end: (why: string) => void): () => void {
    const opened = { end: ({ message }: DoorRefusal) => end(message) };
    this.#open.hold(identity, opened);
    return () => this.#open.release(identity, opened);
  }

  #refuse(
    client: HttpClient,
    method: string,
    path: string,
    identity: Identity | undefined,
    refusal: HttpRefusal,
  ): void {
    this.#refused(path, identity, refusal);
    answerError(client, method, refusal, refusal.fields);
  }

  #refused(
    path: string,
    identity: Identity | undefined,
    { status, code }: { status: number; code: string },
  ): void {
    const call = httpToCall({ status, code, complete: true, requestBytes: 0, responseBytes: 0 });
    this.#stats.refused(undefined, path.split('?', 1)[0] ?? '', identity, call.status, code);
  }
}

function timeoutOf(identity: Identity | undefined): number | undefined {
  return identity === undefined ? undefined : allowedTimeoutMs(identity, undefined);
}
