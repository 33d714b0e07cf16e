import { connect, type Socket } from 'node:net';
import { errorText, PosternError } from '../../errors.js';
import type { FrameBody } from './frames.js';
import { type LinkTimes, PeerLink } from './link.js';
import type { PeerAddress } from './places.js';

/** Who we are, and how long things may take. */
export interface DialOptions {
  readonly own: Parameters<typeof PeerLink.open>[1];
  readonly times: LinkTimes;
  readonly signal: AbortSignal;
}

/** Connects to a peer, through a relay where its address says so. Throws `PEER_UNREACHABLE`, `PEER_INVALID`. */
export async function dialPeer(address: PeerAddress, options: DialOptions): Promise<PeerLink> {
  const { own, times } = options;
  const socket = await connected(address, options);
  const link = await PeerLink.open(socket, own, times);
  if (address.through === undefined) return link;
  const piped = await ledOn(link, { $case: 'connect', value: { key: address.through } }, times);
  const peer = await PeerLink.open(piped, own, times);
  if (peer.remote.key.equals(address.through)) return peer;
  peer.cut('it is another peer than the one that was asked for');
  throw new PosternError('PEER_INVALID', 'the relay has led to another peer');
}

/** Lets a relay lead us to who holds the other end of a ticket. Throws as `dialPeer`. */
export async function acceptFromRelay(
  relay: PeerAddress,
  ticket: Uint8Array,
  options: DialOptions,
): Promise<PeerLink> {
  const { own, times } = options;
  const link = await PeerLink.open(await connected(relay, options), own, times);
  const piped = await ledOn(link, { $case: 'accept', value: { ticket: Buffer.from(ticket) } }, times);
  return PeerLink.open(piped, own, times);
}

/** Asks a relay for the other end; resolves to a socket that leads there. */
function ledOn(link: PeerLink, ask: FrameBody, times: LinkTimes): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void => {
      clearTimeout(timer);
      link.cut(why);
      reject(new PosternError('PEER_UNREACHABLE', `the relay does not lead on: ${why}`));
    };
    const timer = setTimeout(() => refuse('it does not answer'), 2 * times.handshakeMs);
    void link.closed.then((why) => refuse(why));
    link.handle((body) => {
      if (body.$case !== 'piped') return;
      if (body.value.error !== '') return refuse(body.value.error);
      clearTimeout(timer);
      resolve(link.detach());
    });
    link.send(ask);
  });
}

function connected({ tcp }: PeerAddress, { times, signal }: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: tcp.host, port: tcp.port, noDelay: true });
    const fail = (why: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket.destroy();
      reject(new PosternError('PEER_UNREACHABLE', `cannot connect to ${tcp.host}:${tcp.port}: ${why}`));
    };
    const aborted = (): void => fail('the daemon stops');
    const timer = setTimeout(() => fail(`no answer within ${times.handshakeMs} ms`), times.handshakeMs);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) return aborted();
    const failed = (error: Error): void => fail(errorText(error));
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket.off('error', failed);
      // Whatever it is used for ends with the daemon, a handshake that waits too.
      const end = (): void => void socket.destroy();
      signal.addEventListener('abort', end);
      socket.once('close', () => signal.removeEventListener('abort', end));
      resolve(socket);
    });
  });
}
