import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { canonicalName } from './host-name.js';
import { readPemFile } from './pem-file.js';

/** The files of one certificate. */
export interface CertificateFiles {
  /** Host names that get it, `*.` in front for those one label below; absent: those that it is made for. */
  readonly hosts?: readonly string[] | undefined;
  /** The certificate and what leads to its issuer, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
}

/** A certificate as it was read. */
export interface Certificate {
  /** What a TLS server is made of. */
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  /** Host names that get it, as `canonicalName` gives them, `*.` in front for those one label below. */
  readonly hosts: readonly string[];
}

/** A certificate that ends within this time is warned of, milliseconds. */
const soonMs = 14 * 24 * 3_600_000;

/**
 * Reads a certificate and its key.
 *
 * Throws `PosternError` (exit status 2) `TLS_FILE_UNREADABLE`, or `TLS_FILE_INVALID` where they do not go together.
 * @param clientCa file of the issuers whose certificates clients have to show; absent: none is asked for.
 */
export async function readCertificate(
  files: CertificateFiles,
  clientCa: string | undefined,
  log: Logger,
): Promise<Certificate> {
  const cert = await readPemFile(files.cert, 'certificate');
  const key = await readPemFile(files.key, 'key');
  const ca = clientCa === undefined ? undefined : await readPemFile(clientCa, 'CA');
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
    const context = createSecureContext(options);
    const leftMs = Date.parse(shown.validTo) - Date.now();
    if (leftMs < soonMs) {
      log.warn({ cert: files.cert, validTo: shown.validTo }, 'the certificate is about to end, or has ended');
    }
    return { options, context, hosts: (files.hosts ?? namesOf(shown)).flatMap(canonicalPattern) };
  } catch (cause) {
    throw new PosternError(
      'TLS_FILE_INVALID',
      `cannot use the certificate ${files.cert} with the key ${files.key}: ${errorText(cause)}`,
      { hint: 'give a certificate in PEM and the private key that belongs to it', exitCode: 2, cause },
    );
  }
}

/** Changes whenever one of the files does; a file that is not there has a stamp too. */
export async function stampOf(paths: readonly string[]): Promise<string> {
  const stamps = paths.map((path) =>
    stat(path).then(
      ({ mtimeMs, ino, size }) => `${mtimeMs}/${ino}/${size}`,
      () => 'none',
    ),
  );
  return (await Promise.all(stamps)).join(' ');
}

/** Host names and addresses that a certificate is made for. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^,"]+)/g)].map(([, name = '']) => name);
}

function canonicalPattern(host: string): string[] {
  const below = host.startsWith('*.') ? '*.' : '';
  const name = canonicalName(host.slice(below.length));
  return name === '' ? [] : [`${below}${name}`];
}
