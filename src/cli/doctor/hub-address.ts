import { connect } from 'node:net';
import { errorText } from '../../errors.js';
import { type Check, fail, ok } from './check.js';
import { placeOf } from './subject.js';

/** How long a connection may take, in milliseconds. */
const connectMs = 4_000;

/** Whether something listens where commands look for the hub. */
export const hubAddressCheck: Check = {
  name: 'hub address',
  async run({ target }) {
    const hub = await target();
    const where = `${hub.address} (${hub.from})`;
    try {
      await dial(placeOf(hub));
      return ok(where);
    } catch (thrown) {
      return fail(
        `nothing can be reached at ${where}: ${errorText(thrown)}`,
        hub.tls === undefined
          ? 'start a hub here with `postern up`, or say where it is: `postern context add NAME --hub https://HOST --select`'
          : 'look whether the name is right, the hub runs, and a firewall lets you through',
      );
    }
  },
};

function dial(place: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(place);
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), connectMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
