import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { TlsIdentity } from '../../src/wire/tls-identity.js';
import { interopProtoRoot } from '../support/interop/protos.js';
import { testCertificate } from './certificate.js';
import { log } from './harness.js';

/** The listener's side: a certificate for `localhost` that signs itself. Whoever asks for it stops it. */
export function testIdentity(): Promise<TlsIdentity> {
  const folder = join(interopProtoRoot, '..', 'wire', 'vectors');
  return TlsIdentity.load(
    { cert: join(folder, 'localhost-cert.pem'), key: join(folder, 'localhost-key.pem') },
    log,
  );
}

/** The client's side, which trusts that certificate; errors are taken. */
export async function secure(options: ConnectionOptions): Promise<TLSSocket> {
  const { cert } = await testCertificate();
  const socket = connect({ ca: cert, servername: 'localhost', ...options });
  socket.on('error', () => {});
  return socket;
}
