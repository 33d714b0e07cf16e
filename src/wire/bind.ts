import { unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { errorText, PosternError } from '../errors.js';
import { type Address, formatAddress } from './address.js';

/**
 * Makes a server listen. A unix socket that a killed process has left behind is cleared away.
 *
 * Throws `PosternError` `PORT_IN_USE`, `LISTEN_DENIED` or `LISTEN_FAILED` that names the address.
 * @returns the address as bound, with the real port.
 */
export async function bind(server: Server, address: Address): Promise<Address> {
  try {
    await listen(server, address);
  } catch (thrown) {
    if (!('path' in address) || codeOf(thrown) !== 'EADDRINUSE' || !(await isAbandoned(address.path))) {
      throw explain(address, thrown);
    }
    try {
      await unlink(address.path);
      await listen(server, address);
    } catch (again) {
      throw explain(address, again);
    }
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string' || 'path' in address) return address;
  return { host: address.host, port: bound.port };
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(address), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function listenOptions(address: Address): { path: string } | { port: number; host?: string } {
  if ('path' in address) return { path: address.path };
  return address.host === '' ? { port: address.port } : { host: address.host, port: address.port };
}

/** True when nobody answers at a unix socket's file. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    const settle = (abandoned: boolean): void => {
      probe.destroy();
      resolve(abandoned);
    };
    probe.once('connect', () => settle(false));
    probe.once('error', (error) => settle(codeOf(error) === 'ECONNREFUSED'));
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

function explain(address: Address, thrown: unknown): PosternError {
  const name = formatAddress(address);
  switch (codeOf(thrown)) {
    case 'EADDRINUSE':
      return new PosternError('PORT_IN_USE', `cannot listen on ${name}: the address is in use`, {
        hint: 'stop the program that listens there, or choose another address',
        cause: thrown,
      });
    case 'EACCES':
    case 'EPERM':
      // libuv says EACCES for a missing folder too.
      if ('path' in address) {
        return new PosternError(
          'LISTEN_DENIED',
          `cannot listen on ${name}: its folder is not there or must not be written`,
          { hint: 'create the folder, or choose another path', cause: thrown },
        );
      }
      return new PosternError('LISTEN_DENIED', `cannot listen on ${name}: permission denied`, {
        hint: 'ports below 1024 need privileges; choose another port',
        cause: thrown,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new PosternError('LISTEN_FAILED', `cannot listen on ${name}: this machine has no such address`, {
        hint: 'use an address of this machine, or :PORT for all of them',
        cause: thrown,
      });
    default:
      return new PosternError('LISTEN_FAILED', `cannot listen on ${name}: ${errorText(thrown)}`, {
        hint: 'choose another address',
        cause: thrown,
      });
  }
}
