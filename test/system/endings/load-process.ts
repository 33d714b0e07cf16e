/**
 * A client that makes small unary calls: `ADDRESS METADATA PATH CONNECTIONS IN_FLIGHT CALLS`, where IN_FLIGHT is for
 * each connection. Prints a JSON line when the connections are there, makes the calls at SIGUSR2, and prints how many
 * failed.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { requestHeaders } from '../../wire/harness.js';

const [address = '', metadata = '{}', path = '', connections = '1', inFlight = '1', calls = '1'] =
  process.argv.slice(2);
const parsed: unknown = JSON.parse(metadata);
const entries = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {});
const headers = requestHeaders({
  ...Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
  ':path': path,
});
const message = Buffer.concat([Buffer.from([0, 0, 0, 0, 100]), Buffer.alloc(100, 1)]);

/** One call; false: it failed. */
function call(session: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = session.request(headers);
    let good = false;
    const ended = (block: NodeJS.Dict<string | string[]> | object): void => {
      good ||= 'grpc-status' in block && block['grpc-status'] === '0';
    };
    stream
      .on('response', ended)
      .on('trailers', ended)
      .on('error', () => {});
    stream.on('close', () => resolve(good)).resume();
    stream.end(message);
  });
}

const sessions = Array.from({ length: Number(connections) }, () => connect(`http://${address}`));
await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
// The first calls make the hub read the token and the agent connect.
await Promise.all(sessions.map(call));
process.once('SIGUSR2', async () => {
  let left = Number(calls);
  let failed = 0;
  const worker = async (session: ClientHttp2Session): Promise<void> => {
    while (left > 0) {
      left--;
      if (!(await call(session))) failed++;
    }
  };
  const since = performance.now();
  await Promise.all(
    sessions.flatMap((session) => Array.from({ length: Number(inFlight) }, () => worker(session))),
  );
  console.log(JSON.stringify({ failed, seconds: (performance.now() - since) / 1_000 }));
  for (const session of sessions) session.destroy();
});
const alive = setInterval(() => {}, 60_000);
process.once('SIGUSR2', () => clearInterval(alive));
console.log(JSON.stringify({ ready: true }));
