import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { readPemFile } from './pem-file.js';

/** The files of a listener's identity. */
export interface TlsFiles {
  /** The certificate and what leads to its issuer, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** Clients have to show a certificate of one of these issuers, PEM; absent: none is asked for. */
  readonly clientCa?: string | undefined;
}

/** How often it is looked whether the files have changed, milliseconds. */
const lookEveryMs = 5_000;
/** A certificate that ends within this time is warned of, milliseconds. */
const soonMs = 14 * 24 * 3_600_000;

/**
 * Certificate and key of a listener. Files that change are read anew; connections that are open keep what they have.
 * What is changed to something unusable is logged, and the old goes on.
 */
export class TlsIdentity {
  readonly #files: TlsFiles;
  readonly #log: Logger;
  readonly #listeners = new Set<(options: SecureContextOptions) => void>();
  #options: SecureContextOptions;
  #stamp: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: TlsFiles, log: Logger, options: SecureContextOptions, stamp: string) {
    this.#files = files;
    this.#log = log;
    this.#options = options;
    this.#stamp = stamp;
  }

  /**
   * Reads the files and watches them until `stop`.
   *
   * Throws `PosternError` (exit status 2) `TLS_FILE_UNREADABLE`, or `TLS_FILE_INVALID` where they do not go together.
   */
  static async load(files: TlsFiles, log: Logger): Promise<TlsIdentity> {
    const stamp = await stampOf(files);
    const identity = new TlsIdentity(files, log, await read(files, log), stamp);
    identity.#timer = setInterval(() => void identity.reload(), lookEveryMs);
    identity.#timer.unref();
    return identity;
  }

  /** What a TLS server is made of now. */
  get options(): SecureContextOptions {
    return this.#options;
  }

  /** Whether clients have to show a certificate. */
  get asksClients(): boolean {
    return this.#files.clientCa !== undefined;
  }

  /** Hears of every new certificate; call the answer to stop. */
  onReload(listener: (options: SecureContextOptions) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the files if they have changed since. Never rejects. */
  async reload(): Promise<void> {
    const stamp = await stampOf(this.#files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#options = await read(this.#files, this.#log);
    } catch (thrown) {
      this.#log.error(
        { err: errorText(thrown) },
        'the changed certificate cannot be used: the old one goes on',
      );
      return;
    }
    this.#log.info({ cert: this.#files.cert }, 'the certificate was read anew');
    for (const listener of this.#listeners) listener(this.#options);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }
}

/** Changes whenever a file does; a file that is not there has a stamp too. */
async function stampOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const paths = clientCa === undefined ? [cert, key] : [cert, key, clientCa];
  const stamps = paths.map((path) =>
    stat(path).then(
      ({ mtimeMs, ino, size }) => `${mtimeMs}/${ino}/${size}`,
      () => 'none',
    ),
  );
  return (await Promise.all(stamps)).join(' ');
}

async function read(files: TlsFiles, log: Logger): Promise<SecureContextOptions> {
  const cert = await readPemFile(files.cert, 'certificate');
  const key = await readPemFile(files.key, 'key');
  const ca = files.clientCa === undefined ? undefined : await readPemFile(files.clientCa, 'CA');
  const options: SecureContextOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    // Nobody needs it, and a client could make the hub shake hands for ever on one connection.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(ca === undefined ? {} : { ca }),
  };
  try {
    const shown = new X509Certificate(cert);
    if (!shown.checkPrivateKey(createPrivateKey(key))) throw new Error('the key does not belong to it');
    createSecureContext(options);
    const leftMs = Date.parse(shown.validTo) - Date.now();
    if (leftMs < soonMs) {
      log.warn({ cert: files.cert, validTo: shown.validTo }, 'the certificate is about to end, or has ended');
    }
  } catch (cause) {
    throw new PosternError(
      'TLS_FILE_INVALID',
      `cannot use the certificate ${files.cert} with the key ${files.key}: ${errorText(cause)}`,
      { hint: 'give a certificate in PEM and the private key that belongs to it', exitCode: 2, cause },
    );
  }
  return options;
}
