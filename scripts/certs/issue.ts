import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Who signs certificates. */
export interface CertificateAuthority extends CertificatePair {
  /** A certificate for these host names and addresses, good for servers and clients, that ends after so many days. */
  issue(names: readonly string[], days?: number): Promise<CertificatePair>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
/** Clocks that are a little behind shall accept a new certificate. */
const earlierMs = 60_000;

type Keys = Awaited<ReturnType<typeof makeKeys>>;

/** A new authority of its own, for tests and trials, that ends after so many days. */
export async function makeAuthority(name: string, days = 30): Promise<CertificateAuthority> {
  const keys = await makeKeys();
  const issuer = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    ...life(days),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    cert: issuer.toString('pem'),
    key: await keyPem(keys),
    issue: async (names, lifeDays = days) => {
      const own = await makeKeys();
      const cert = await X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? 'nobody'}`,
        issuer: issuer.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        ...life(lifeDays),
        extensions: [
          ...(await leafExtensions(names, own)),
          await AuthorityKeyIdentifierExtension.create(issuer),
        ],
      });
      return { cert: cert.toString('pem'), key: await keyPem(own) };
    },
  };
}

/** A certificate for these names that signs itself. */
export async function makeSelfSigned(names: readonly string[], days: number): Promise<CertificatePair> {
  const keys = await makeKeys();
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0] ?? 'nobody'}`,
    keys,
    signingAlgorithm: algorithm,
    ...life(days),
    extensions: await leafExtensions(names, keys),
  });
  return { cert: cert.toString('pem'), key: await keyPem(keys) };
}

async function leafExtensions(names: readonly string[], keys: Keys) {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    ),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
}

function makeKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function life(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - earlierMs), notAfter: new Date(now + days * dayMs) };
}

async function keyPem({ privateKey }: Keys): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}
