import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Where an echo of `test/support/lab/talk.ts` is. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What became of datagrams that an echo was to send back. */
export interface Datagrams {
  readonly sent: number;
  /** Came back, each counted once. */
  readonly back: number;
  /** Came back once more. */
  readonly twice: number;
  /** Came back after one that was sent later. */
  readonly late: number;
  /** Refused when they were sent: codes of errors. */
  readonly refused: string[];
  /** The middle and the shortest of the times that they took, milliseconds. */
  readonly medianMs: number;
  readonly leastMs: number;
}

/** Sends datagrams one after the other and waits for those that come back. */
export async function datagrams(
  { host, port }: Place,
  count: number,
  everyMs = 2,
  quietMs = 1_200,
): Promise<Datagrams> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const refused: string[] = [];
  const sentAt: number[] = [];
  const came: number[] = [];
  const times: number[] = [];
  socket.on('message', (message) => {
    const number = Number(String(message));
    came.push(number);
    times.push(performance.now() - (sentAt[number] ?? 0));
  });
  socket.on('error', () => {});
  socket.bind(0);
  await once(socket, 'listening');
  for (let number = 0; number < count; number++) {
    sentAt[number] = performance.now();
    socket.send(String(number), port, host, (error) => {
      if (error !== null) refused.push('code' in error ? String(error.code) : error.message);
    });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  // On a busy machine answers come late, but not so long after each other.
  for (let seen = -1; seen < came.length; ) {
    seen = came.length;
    await new Promise((resolve) => setTimeout(resolve, quietMs));
  }
  socket.close();
  const distinct = new Set(came);
  let latest = -1;
  let late = 0;
  for (const number of came) {
    if (number < latest) late += 1;
    latest = Math.max(latest, number);
  }
  times.sort((one, other) => one - other);
  return {
    ...{ sent: count, back: distinct.size, twice: came.length - distinct.size, late, refused },
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    leastMs: times[0] ?? 0,
  };
}

/** What becomes of an attempt to connect within half a second. */
export function dialled({ host, port }: Place): Promise<'accepted' | 'refused' | 'silence'> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (what: 'accepted' | 'refused' | 'silence') => {
      clearTimeout(timer);
      socket.destroy();
      resolve(what);
    };
    const timer = setTimeout(() => end('silence'), 500);
    socket.once('connect', () => end('accepted'));
    socket.on('error', () => end('refused'));
  });
}

/** A connection over which words are sent to an echo, and come back. */
export class Flow {
  readonly #socket: Socket;
  #heard = '';
  #broken: string | undefined;
  #words = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#heard = (this.#heard + text).slice(-10_000);
    });
    socket.on('error', (error) => {
      this.#broken = 'code' in error ? String(error.code) : error.message;
    });
    socket.once('close', () => {
      this.#broken ??= 'closed';
    });
  }

  static async open({ host, port }: Place, enter: (socket: Socket) => Socket = (one) => one): Promise<Flow> {
    const socket = enter(connect({ host, port }));
    await once(socket, 'connect');
    return new Flow(socket);
  }

  /** Sends a word; `echoed`, `silence`, or why the connection is broken. */
  async say(withinMs: number): Promise<string> {
    this.#words += 1;
    const word = `word${this.#words}.`;
    if (this.#broken === undefined) this.#socket.write(word);
    const endMs = performance.now() + withinMs;
    while (performance.now() < endMs) {
      if (this.#heard.includes(word)) return 'echoed';
      if (this.#broken !== undefined) return this.#broken;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return 'silence';
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** How many bytes a second come back from an echo, of so many. */
export async function throughput(place: Place, bytes: number): Promise<number> {
  const socket = connect(place);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const beganMs = performance.now();
  let came = 0;
  const all = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      came += chunk.length;
      if (came >= bytes) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.write(Buffer.alloc(bytes));
  await all;
  const tookMs = performance.now() - beganMs;
  socket.destroy();
  return Math.round((came / tookMs) * 1_000);
}
