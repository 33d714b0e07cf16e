import { readFile } from 'node:fs/promises';
import { ServerCredentials } from '@grpc/grpc-js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { formatAddress, parseAddress } from '../../wire/address.js';
import { bindGrpc, endGrpc } from '../../wire/grpc-listener.js';
import { type OwnService, ownServer } from '../own-services.js';
import { InfraAccess } from './access.js';
import type { InfraConfig } from './config.js';

/** Calls may go on for so long when the agent stops, milliseconds. */
const drainMs = 500;
/** Of one message of a caller, in bytes: an invitation is some hundreds. */
const mostMessageBytes = 1 << 20;
const mostCallsPerConnection = 100;

/** An infra server that listens. */
export interface InfraListener {
  /** `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves controllers of before where they look for it. Undefined: the address is taken, and nobody has asked for it. Throws
 * `INFRA_NOT_LISTENING`, `TOKEN_UNREADABLE`, `TLS_FILE_UNREADABLE`.
 */
export async function listenInfra(
  { listen: address, optional, tokenFile, grants, tls }: InfraConfig,
  services: readonly OwnService[],
  log: Logger,
): Promise<InfraListener | undefined> {
  const access = await InfraAccess.open({ tokenFile, grants, log });
  const server = ownServer(services, {
    interceptors: [access.interceptor],
    'grpc.max_receive_message_length': mostMessageBytes,
    'grpc.max_concurrent_streams': mostCallsPerConnection,
  });
  const creds = tls === undefined ? ServerCredentials.createInsecure() : await tlsCredentials(tls);
  const parsed = parseAddress(address, 'listen');
  const host = 'path' in parsed || parsed.host === '' ? '0.0.0.0' : parsed.host;
  const asked = 'path' in parsed ? address : formatAddress({ host, port: parsed.port });
  let port: number;
  try {
    port = await bindGrpc(server, asked, creds);
  } catch (thrown) {
    server.forceShutdown();
    const why = `the infra server cannot listen on ${address}: ${errorText(thrown)}`;
    const hint = "choose another address with --infra-listen, or 'off'";
    if (!optional) throw new PosternError('INFRA_NOT_LISTENING', why, { hint, cause: thrown });
    log.warn(`${why}; ${hint}`);
    return undefined;
  }
  const listening = formatAddress({ host, port });
  log.info({ listen: listening, tls: tls !== undefined }, 'infra server: listening');
  return { address: listening, close: () => endGrpc(server, drainMs) };
}

async function tlsCredentials(tls: {
  readonly cert: string;
  readonly key: string;
}): Promise<ServerCredentials> {
  const read = (path: string) =>
    readFile(path).catch((thrown: unknown) => {
      throw new PosternError('TLS_FILE_UNREADABLE', `cannot read ${path}: ${errorText(thrown)}`, {
        exitCode: 2,
      });
    });
  const [cert, key] = await Promise.all([read(tls.cert), read(tls.key)]);
  try {
    return ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
  } catch (cause) {
    throw new PosternError(
      'TLS_FILE_INVALID',
      `cannot use the certificate ${tls.cert} with the key ${tls.key}: ${errorText(cause)}`,
      { hint: 'give a certificate in PEM and the private key that belongs to it', exitCode: 2, cause },
    );
  }
}
