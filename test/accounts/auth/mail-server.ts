import { SMTPServer } from 'smtp-server';

/** A mail that was captured. */
export interface Captured {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  /** It came over TLS. */
  readonly secure: boolean;
}

/** A mail server that keeps what it gets. */
export interface CapturingServer {
  readonly port: number;
  readonly mails: readonly Captured[];
  /** Refuses for the moment, as servers do that are busy. */
  busy: boolean;
  stop(): Promise<void>;
}

/** Starts one on loopback; with a certificate it offers STARTTLS. */
export async function captureMails(
  options: { port?: number; tls?: { cert: string | Buffer; key: string | Buffer } } = {},
): Promise<CapturingServer> {
  const mails: Captured[] = [];
  const state = { busy: false };
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: options.tls === undefined ? ['STARTTLS', 'AUTH'] : ['AUTH'],
    ...options.tls,
    closeTimeout: 100,
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (state.busy) return callback(Object.assign(new Error('busy'), { responseCode: 451 }));
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
        });
        callback(null);
      });
    },
  });
  server.on('error', () => {});
  const port = await new Promise<number>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      const address = server.server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    mails,
    get busy() {
      return state.busy;
    },
    set busy(busy) {
      state.busy = busy;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The code in a mail. */
export function codeOf({ text }: Captured): string {
  return /\b[a-z2-7]{26}\b/.exec(text)?.[0] ?? '';
}
