import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { FailedAttempts } from '../attempts.js';
import { refusals } from '../enrol.js';
import { refuseUpgrade } from '../refuse-upgrade.js';
import type { TunnelAdmission } from './admission.js';
import { readTunnelRequest } from './request.js';
import type { Tunnels } from './tunnels.js';

/** What our own nodes offer as `Sec-WebSocket-Protocol`: they read messages of any size. */
export const tunnelProtocol = 'postern.tunnel.v1';
/** Largest WebSocket message that is taken, bytes. */
const maxMessageBytes = 1_048_576;

/** Takes requests for tunnels: `GET /ws` with an upgrade to WebSocket. */
export class TunnelDoor {
  readonly #admission: TunnelAdmission;
  readonly #tunnels: Pick<Tunnels, 'take'>;
  readonly #attempts: FailedAttempts;
  readonly #notReady: () => string | undefined;
  readonly #log: Logger;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(tunnelProtocol) ? tunnelProtocol : false),
  });

  constructor(options: {
    admission: TunnelAdmission;
    tunnels: Pick<Tunnels, 'take'>;
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
  }

  /** Never throws; the socket is answered and closed where no tunnel comes of it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, from: string): void {
    this.#admit(request, from).then(
      ({ key, asked }) => {
        if (socket.destroyed) return;
        this.#server.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
          const { node, share, boot, version } = asked;
          const ours = accepted.protocol === tunnelProtocol;
          this.#log.info({ node, from, ours, share }, 'a tunnel was opened');
          this.#tunnels.take(accepted, { node, key, share, boot, version, ours });
        });
      },
      (thrown: unknown) => this.#refuse(socket, thrown, from),
    );
  }

  async #admit(request: IncomingMessage, from: string) {
    const asked = readTunnelRequest(request);
    if (!this.#attempts.mayTry(from)) {
      throw new PosternError(
        'TOO_MANY_ATTEMPTS',
        'too many failed attempts from this address: try again later',
      );
    }
    const why = this.#notReady();
    if (why !== undefined) throw new PosternError('UNAVAILABLE', why);
    return { asked, key: await this.#admission.admit(asked, from) };
  }

  #refuse(socket: Duplex, thrown: unknown, from: string): void {
    const code = thrown instanceof PosternError ? thrown.code : '';
    const status = statusOf(code);
    if (status === 503) {
      this.#log.warn({ from, err: errorText(thrown) }, 'a tunnel could not be opened now');
    } else {
      this.#attempts.failed(from);
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
  return refusals.has(code) ? 403 : 503;
}
