import { connect } from 'node:net';
import { parseAddress } from '../../wire/address.js';
import { findDaemon } from '../faults/process/daemon-process.js';

/** What can be seen of a daemon without asking it anything. */
export interface DaemonVitals {
  /** Id of the process that listens at its address on this machine; undefined: there is none, or it cannot be told. */
  readonly pid: number | undefined;
  /** Whether its address takes connections. */
  readonly port: boolean;
}

/** A machine that is there answers within this, milliseconds. */
const acceptWithinMs = 1_000;

/** Id of the process that listens at an address of this machine; undefined: nobody's that this user may look at. */
export async function daemonPid(target: string): Promise<number | undefined> {
  try {
    return (await findDaemon(target)).head.pid;
  } catch {
    return undefined; // elsewhere, another user's, or no system with /proc
  }
}

/** Whether an address takes connections, which takes a second at most. The connection is closed at once. */
export function acceptsAt(target: string): Promise<boolean> {
  const address = parseAddress(target);
  return new Promise((resolve) => {
    const where = 'path' in address ? address : { ...address, host: address.host || 'localhost' };
    const socket = connect(where);
    const timer = setTimeout(() => settle(false), acceptWithinMs);
    const settle = (accepts: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(accepts);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** What can be seen of the daemon at an address; one that `answers` needs no further proof that its port is open. */
export async function vitalsAt(target: string, answers: boolean): Promise<DaemonVitals> {
  const [pid, port] = await Promise.all([daemonPid(target), answers || acceptsAt(target)]);
  return { pid, port };
}
