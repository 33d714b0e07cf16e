import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interopProtoRoot } from '../support/interop/protos.js';

/** A certificate for `localhost` that signs itself, for tests only, and its key. */
export async function testCertificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = join(interopProtoRoot, '..', 'wire', 'vectors');
  const [key, cert] = await Promise.all([
    readFile(join(folder, 'localhost-key.pem')),
    readFile(join(folder, 'localhost-cert.pem')),
  ]);
  return { key, cert };
}
