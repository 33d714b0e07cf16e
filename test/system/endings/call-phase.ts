import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { addAbortSignal } from 'node:stream';
import { requestHeaders } from '../../wire/harness.js';

/** How far a call has come when something happens to it. The path of a call ends with its phase. */
export const callPhases = {
  Silent: 'before the response begins',
  Stream: 'amid the response',
  HalfClosed: 'after the half-close',
  BlockedRequest: 'while flow control stops the client',
  BlockedResponse: 'while flow control stops the server',
} as const;

export type CallPhase = keyof typeof callPhases;

/** A call that is in its phase, as far as its client can tell. */
export interface PhasedCall {
  readonly phase: CallPhase;
  readonly stream: ClientHttp2Stream;
  /** Resets it with CANCEL. */
  cancel(): void;
}

/** Opens a call and brings it into the phase that its path ends with. */
export async function enterPhase(
  client: ClientHttp2Session,
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<PhasedCall> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const phase = (Object.keys(callPhases) as CallPhase[]).find((known) => known === name);
  if (phase === undefined) throw new Error(`${name} is no phase of a call`);
  const stream = client.request(requestHeaders({ ':path': path, ...metadata }), { endStream: false });
  stream.on('error', () => {});
  const call: PhasedCall = { phase, stream, cancel: () => void addAbortSignal(AbortSignal.abort(), stream) };
  const heard = (event: string): Promise<void> =>
    new Promise((resolve) => stream.once(event, () => resolve()));
  if (phase === 'Stream') await heard('data');
  if (phase === 'HalfClosed') stream.end('a request');
  if (phase === 'BlockedResponse') await heard('response');
  if (phase === 'BlockedRequest') {
    await heard('data');
    stream.write(Buffer.alloc(8 << 20));
    await blocked(stream);
  }
  return call;
}

/** Resolves when nothing of what was written to the connection of a stream has gone out for a while. */
async function blocked(stream: ClientHttp2Stream): Promise<void> {
  const { socket } = stream.session ?? {};
  for (let bytes = -1, looks = 0; looks < 10; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const written = socket?.bytesWritten ?? 0;
    if (written !== bytes) looks = 0;
    bytes = written;
  }
}
