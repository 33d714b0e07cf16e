import { isIP } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { HubTarget } from '../../client/hub-target.js';
import { errorText } from '../../errors.js';
import { type Check, type Found, fail, ok, skipped, warn } from './check.js';
import { placeOf } from './subject.js';

/** How long a handshake may take, in milliseconds. */
const handshakeMs = 4_000;
const dayMs = 86_400_000;
/** A certificate that ends so soon is worth a word. */
const soonDays = 14;

/** Whether the hub's certificate is for its name, of an authority that is trusted, and not at its end. */
export const hubTlsCheck: Check = {
  name: 'hub certificate',
  async run({ target }) {
    const hub = await target().catch(() => undefined);
    if (hub?.tls === undefined) return skipped('no TLS is spoken with the hub');
    const place = placeOf(hub);
    if ('path' in place) return skipped('the hub is a unix socket');
    let socket: TLSSocket;
    try {
      socket = await handshake(hub, place);
    } catch (thrown) {
      return fail(
        `no TLS handshake with ${hub.address}: ${errorText(thrown)}`,
        'look whether the hub speaks TLS there (--tls-cert-file, --tls-key-file), and asks for no certificate of clients',
      );
    }
    try {
      const certificate = socket.getPeerCertificate(true);
      const found = judged(certificate, place.host, authorizationCode(socket));
      if (found.outcome === 'fail' && !hub.tls.rejectUnauthorized) {
        return warn(`${found.says}; --hub-insecure takes it`, found.mend ?? '');
      }
      return found;
    } finally {
      socket.destroy();
    }
  },
};

function handshake(hub: HubTarget, place: { host: string; port: number }): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...place,
      ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
      ...(hub.tls?.ca === undefined ? {} : { ca: hub.tls.ca }),
      // It is judged below, with words.
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), handshakeMs);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** OpenSSL's word for what is wrong with the chain; undefined: nothing. Node types it as an error, and gives its code. */
function authorizationCode({ authorizationError: wrong }: TLSSocket): string | undefined {
  if (wrong === null || wrong === undefined) return undefined;
  return typeof wrong === 'string' ? wrong : 'code' in wrong ? String(wrong.code) : wrong.message;
}

function judged(certificate: DetailedPeerCertificate, host: string, code: string | undefined): Found {
  const nowMs = Date.now();
  const [fromMs, untilMs] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  if (untilMs <= nowMs) {
    return fail(
      `the certificate of ${host} has expired: ${certificate.valid_to}`,
      'give the hub a new one in the files of --tls-cert-file and --tls-key-file: it reads them anew within 5 s',
    );
  }
  if (fromMs > nowMs) {
    return fail(
      `the certificate of ${host} is not valid before ${certificate.valid_from}`,
      'set the clock of this machine right: `date` tells it now; else the certificate is for a time to come',
    );
  }
  const misnamed = checkServerIdentity(host, certificate);
  if (misnamed !== undefined) {
    return fail(
      `the certificate is not for ${host}, but for ${certificate.subjectaltname ?? 'no name'}`,
      'call the hub by a name that its certificate has, or give it a certificate for this one',
    );
  }
  if (code !== undefined) {
    return fail(
      `the certificate of ${host} is not trusted: ${code}`,
      "trust its authority with --hub-ca FILE; or let the hub's --tls-cert-file hold the whole chain",
    );
  }
  const days = Math.floor((untilMs - nowMs) / dayMs);
  const text = `for ${host}, good for ${days} days`;
  return days < soonDays
    ? warn(text, 'renew it soon: the hub reads its files anew when they change')
    : ok(text);
}
