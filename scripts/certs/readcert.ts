import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { errorText } from '../../src/errors.js';

const file = process.env.CERT || 'test.crt';
try {
  const cert = certificateIn(await readFile(file));
  console.log(
    [
      `file         ${file}`,
      `subject      ${cert.subject}`,
      `issuer       ${cert.issuer}${cert.issuer === cert.subject ? ' (signed by itself)' : ''}`,
      `names        ${cert.subjectAltName ?? 'none'}`,
      `valid        ${cert.validFrom} to ${cert.validTo}`,
      `serial       ${cert.serialNumber}`,
      `key          ${cert.publicKey.asymmetricKeyType ?? 'unknown'}`,
      `fingerprint  ${cert.fingerprint256}`,
    ].join('\n'),
  );
} catch (thrown) {
  console.error(`readcert: cannot read ${file}: ${errorText(thrown)}`);
  console.error('make one with `make gencert`, or name another: make readcert CERT=FILE');
  process.exitCode = 1;
}

/** The first certificate of a file. Throws where there is none; the words of OpenSSL would tell nobody. */
function certificateIn(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new Error('it holds no certificate');
  }
}
