import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { takenMessageBytes } from '../../wire/websocket-stream.js';
import type { FailedAttempts } from '../attempts.js';
import { refusals } from '../enrol.js';
import { refuseUpgrade } from '../refuse-upgrade.js';
import type { TunnelAdmission } from './admission.js';
import { readTunnelRequest } from './request.js';
import type { TunnelPeer } from './tunnel.js';
import type { Tunnels } from './tunnels.js';

/** What our own nodes offer as `Sec-WebSocket-Protocol`: they read messages of any size. */
export const tunnelProtocol = 'postern.tunnel.v1';

/** Codes of `PosternError` for a place that is not given, by the code of the answer to the hello. */
const claimRefusals = {
  retry: 'UNAVAILABLE',
  superseded: 'SUPERSEDED',
  occupied: 'OCCUPIED',
  revoked: 'REVOKED',
  version: 'INVALID',
} as const;

/** Who is granted a tunnel, and what it is told. */
type GrantedPeer = Omit<TunnelPeer, 'ours'> & { readonly epoch: number; readonly hub: string };

/** Takes requests for tunnels: `GET /ws` with an upgrade to WebSocket. */
export class TunnelDoor {
  readonly #admission: TunnelAdmission;
  readonly #tunnels: Pick<Tunnels, 'claim' | 'giveUp' | 'take'>;
  readonly #attempts: FailedAttempts;
  readonly #notReady: () => string | undefined;
  readonly #log: Logger;
  /** The requests that are granted. */
  readonly #granted = new WeakMap<IncomingMessage, GrantedPeer>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: takenMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(tunnelProtocol) ? tunnelProtocol : false),
  });

  constructor(options: {
    admission: TunnelAdmission;
    tunnels: Pick<Tunnels, 'claim' | 'giveUp' | 'take'>;
    attempts: FailedAttempts;
    /** Why the hub is not ready; undefined: it is. */
    notReady: () => string | undefined;
    log: Logger;
  }) {
    this.#admission = options.admission;
    this.#tunnels = options.tunnels;
    this.#attempts = options.attempts;
    this.#notReady = options.notReady;
    this.#log = options.log;
    this.#server.on('headers', (headers, request) => {
      const granted = this.#granted.get(request);
      if (granted === undefined) return;
      headers.push(
        `X-Postern-Instance: ${granted.instance}`,
        `X-Postern-Epoch: ${granted.epoch}`,
        `X-Postern-Hub: ${granted.hub}`,
      );
    });
  }

  /** Never throws; the socket is answered and closed where no tunnel comes of it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, from: string): void {
    this.#admit(request, from).then(
      (peer) => this.#open(request, socket, head, peer, from),
      (thrown: unknown) => this.#refuse(socket, thrown, from),
    );
  }

  async #admit(request: IncomingMessage, from: string): Promise<GrantedPeer> {
    const asked = readTunnelRequest(request);
    // As at the enrolment: those who share an address must not lock out the nodes that are known.
    if (!this.#attempts.mayTry(from) && !this.#admission.knows(asked, from)) {
      throw new PosternError(
        'TOO_MANY_ATTEMPTS',
        'too many failed attempts from this address: try again later',
      );
    }
    const why = this.#notReady();
    if (why !== undefined) throw new PosternError('UNAVAILABLE', why);
    const key = await this.#admission.admit(asked, from);
    const { node, share, version } = asked;
    const peer = { node, key, share, version, boot: asked.boot ?? randomBytes(9).toString('base64url') };
    const answer = await this.#tunnels.claim(peer, asked.before);
    if (answer.ok) return { ...peer, instance: answer.instance, epoch: answer.epoch, hub: answer.hub };
    throw new PosternError(claimRefusals[answer.code], answer.message);
  }

  #open(request: IncomingMessage, socket: Duplex, head: Buffer, peer: GrantedPeer, from: string): void {
    let taken = false;
    socket.once('close', () => {
      if (!taken) this.#tunnels.giveUp(peer, peer.instance);
    });
    if (socket.destroyed) {
      this.#tunnels.giveUp(peer, peer.instance);
      return;
    }
    // A request that is no proper upgrade is answered by the server, which closes the connection.
    this.#granted.set(request, peer);
    this.#server.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
      taken = true;
      const ours = accepted.protocol === tunnelProtocol;
      const { node, share } = peer;
      this.#log.info({ node, from, ours, share }, 'a tunnel was opened');
      this.#tunnels.take(accepted, { ...peer, ours });
    });
  }

  #refuse(socket: Duplex, thrown: unknown, from: string): void {
    const code = thrown instanceof PosternError ? thrown.code : '';
    const status = statusOf(code);
    if (status === 409) {
      this.#log.info({ from, code, why: errorText(thrown) }, 'a tunnel was refused');
    } else if (status === 503) {
      this.#log.warn({ from, err: errorText(thrown) }, 'a tunnel could not be opened now');
    } else {
      if (status !== 429) this.#attempts.failed(from);
      this.#log.info({ from, code, why: errorText(thrown) }, 'a tunnel was refused');
    }
    const message =
      code === '' ? 'the registry of nodes can not be reached now: try again' : errorText(thrown);
    refuseUpgrade(socket, status, code === '' ? 'UNAVAILABLE' : code, message);
  }
}

function statusOf(code: string): number {
  if (code === 'INVALID') return 400;
  if (code === 'UNAUTHENTICATED') return 401;
  if (code === 'TOO_MANY_ATTEMPTS') return 429;
  if (code === 'OCCUPIED' || code === 'SUPERSEDED') return 409;
  return refusals.has(code) ? 403 : 503;
}
