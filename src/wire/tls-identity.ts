import { type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { canonicalHost } from './host-name.js';
import { type Certificate, type CertificateFiles, readCertificate, stampOf } from './tls-certificate.js';

/** The files of a listener's identity: of its first certificate, and of others. */
export interface TlsFiles extends CertificateFiles {
  /** Clients have to show a certificate of one of these issuers, PEM; absent: none is asked for. */
  readonly clientCa?: string | undefined;
  /** Certificates for other host names; who asks for none of theirs gets the first. */
  readonly more?: readonly CertificateFiles[];
}

/** A certificate, where it comes from, and how its files were. */
interface Held {
  readonly files: CertificateFiles;
  readonly certificate: Certificate;
  readonly stamp: string;
}

/** How often it is looked whether the files have changed, milliseconds. */
const lookEveryMs = 5_000;

/**
 * Certificates and keys of a listener, one for each host name. Files that change are read anew; connections that are
 * open keep what they have. What is changed to something unusable is logged, and the old goes on.
 */
export class TlsIdentity {
  readonly #log: Logger;
  readonly #clientCa: string | undefined;
  readonly #listeners = new Set<(options: SecureContextOptions) => void>();
  #first: Held;
  #more: readonly Held[];
  /** Which certificate a host name gets: 0 is the first. */
  #byHost: ReadonlyMap<string, number>;
  #timer: NodeJS.Timeout | undefined;

  private constructor(clientCa: string | undefined, log: Logger, first: Held, more: readonly Held[]) {
    this.#clientCa = clientCa;
    this.#log = log;
    this.#first = first;
    this.#more = more;
    this.#byHost = hostsOf([first, ...more]);
  }

  /**
   * Reads the files and watches them until `stop`.
   *
   * Throws `PosternError` (exit status 2) `TLS_FILE_UNREADABLE`, or `TLS_FILE_INVALID` where they do not go together or
   * a further one names no host.
   */
  static async load(files: TlsFiles, log: Logger): Promise<TlsIdentity> {
    const { first, more } = await readAll(files, files.clientCa, log);
    const identity = new TlsIdentity(files.clientCa, log, first, more);
    identity.#timer = setInterval(() => void identity.reload(), lookEveryMs);
    identity.#timer.unref();
    return identity;
  }

  /** What a TLS server is made of now, with the first certificate. */
  get options(): SecureContextOptions {
    return this.#first.certificate.options;
  }

  /** Whether clients have to show a certificate. */
  get asksClients(): boolean {
    return this.#clientCa !== undefined;
  }

  /** What a client is shown that asks for this host name; undefined: the first certificate. */
  contextFor(servername: string): SecureContext | undefined {
    const index = this.#indexOf(canonicalHost(servername));
    return index === undefined || index === 0 ? undefined : this.#more[index - 1]?.certificate.context;
  }

  /**
   * True when a request is for a host name that has a certificate of its own, and came over a connection whose client
   * asked for another name and was shown another certificate (RFC 9110 section 15.5.20).
   * @param authority `:authority` or `host`, as it came.
   */
  misdirects(connection: unknown, authority: string): boolean {
    if (this.#more.length === 0 || !(connection instanceof TLSSocket)) return false;
    const wanted = this.#indexOf(canonicalHost(authority));
    if (wanted === undefined) return false;
    const asked: unknown = Reflect.get(connection, 'servername');
    return wanted !== (typeof asked === 'string' ? (this.#indexOf(canonicalHost(asked)) ?? 0) : 0);
  }

  /** Hears of every new first certificate; call the answer to stop. */
  onReload(listener: (options: SecureContextOptions) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the files that have changed since. Never rejects. */
  async reload(): Promise<void> {
    const [before, beforeMore] = [this.#first, this.#more];
    const first = await this.#again(before);
    const more = await Promise.all(beforeMore.map((held) => this.#again(held)));
    // The list may have been changed meanwhile.
    if (this.#first === before && this.#more === beforeMore) this.#use(first, more);
  }

  /**
   * Takes another list of certificates, as a whole; what clients have to show stays as it is. Throws like `load`; the
   * old list goes on then.
   */
  async replace(files: TlsFiles): Promise<void> {
    const { first, more } = await readAll(files, this.#clientCa, this.#log);
    this.#use(first, more);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #use(first: Held, more: readonly Held[]): void {
    const changed = first !== this.#first;
    this.#first = first;
    this.#more = more;
    this.#byHost = hostsOf([first, ...more]);
    if (!changed) return;
    for (const listener of this.#listeners) listener(this.options);
  }

  async #again(held: Held): Promise<Held> {
    const { files } = held;
    const stamp = await stampOf(pathsOf(files, this.#clientCa));
    if (stamp === held.stamp) return held;
    try {
      const certificate = await readCertificate(files, this.#clientCa, this.#log);
      this.#log.info({ cert: files.cert }, 'the certificate was read anew');
      return { files, certificate, stamp };
    } catch (thrown) {
      this.#log.error(
        { err: errorText(thrown) },
        'the changed certificate cannot be used: the old one goes on',
      );
      return { ...held, stamp };
    }
  }

  #indexOf(host: string): number | undefined {
    const exact = this.#byHost.get(host);
    if (exact !== undefined) return exact;
    const dot = host.indexOf('.');
    return dot === -1 ? undefined : this.#byHost.get(`*${host.slice(dot)}`);
  }
}

function pathsOf({ cert, key }: CertificateFiles, clientCa: string | undefined): string[] {
  return clientCa === undefined ? [cert, key] : [cert, key, clientCa];
}

/** The first certificate of those that name a host gets it. */
function hostsOf(held: readonly Held[]): Map<string, number> {
  const byHost = new Map<string, number>();
  for (const [index, { certificate }] of held.entries()) {
    for (const host of certificate.hosts) if (!byHost.has(host)) byHost.set(host, index);
  }
  return byHost;
}

async function readAll(
  files: TlsFiles,
  clientCa: string | undefined,
  log: Logger,
): Promise<{ first: Held; more: Held[] }> {
  const first = await hold(files, clientCa, log);
  const more: Held[] = [];
  for (const one of files.more ?? []) {
    const held = await hold(one, clientCa, log);
    if (held.certificate.hosts.length === 0) {
      throw new PosternError('TLS_FILE_INVALID', `the certificate ${one.cert} is made for no host name`, {
        hint: 'say the host names that shall get it',
        exitCode: 2,
      });
    }
    more.push(held);
  }
  return { first, more };
}

async function hold(
  { hosts, cert, key }: CertificateFiles,
  clientCa: string | undefined,
  log: Logger,
): Promise<Held> {
  const files: CertificateFiles = { hosts, cert, key };
  // The stamp first: what changes while it is read is read again.
  const stamp = await stampOf(pathsOf(files, clientCa));
  return { files, certificate: await readCertificate(files, clientCa, log), stamp };
}
