import { createHash } from 'node:crypto';
import { request as startRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { until } from './harness.js';
import { open2, startOrigin, startProxy } from './http-proxy-harness.js';

const block = Buffer.alloc(65_536, 'postern');

function* blocks(total: number): Generator<Buffer> {
  for (let left = total; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

/** What passed, and how much memory this process had at most on top of what it had before, in bytes. */
export interface Passed {
  readonly bytes: number;
  readonly sum: string;
  readonly grewBy: number;
}

/** The sum that `total` bytes must have. */
export function sumOf(total: number): string {
  const hash = createHash('sha256');
  for (const part of blocks(total)) hash.update(part);
  return hash.digest('hex');
}

/** Sends so many bytes up to an origin that sends each back, and counts what comes; all in this process. */
export async function echo(total: number, protocol: 'HTTP/1.1' | 'HTTP/2'): Promise<Passed> {
  const origin = await startOrigin((request, response) => {
    response.on('error', () => {});
    request.pipe(response);
  });
  const proxy = await startProxy(origin.port);
  const session = protocol === 'HTTP/2' ? open2(proxy.address) : undefined;
  const before = process.memoryUsage().rss;
  let peak = before;
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const take = async (from: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of from) {
        bytes += chunk.length;
        hash.update(chunk);
      }
    };
    if (session === undefined) {
      const sent = startRequest(`http://${proxy.address}/`, { method: 'POST', agent: false });
      const answered = new Promise<void>((resolve, reject) => {
        sent.on('error', reject);
        sent.on('response', (response) => take(response).then(resolve, reject));
      });
      await Promise.all([pipeline(Readable.from(blocks(total)), sent), answered]);
    } else {
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      await Promise.all([pipeline(Readable.from(blocks(total)), stream, take)]);
    }
    await until(() => proxy.origin.inFlight === 0, 'nothing is left');
    return { bytes, sum: hash.digest('hex'), grewBy: peak - before };
  } finally {
    clearInterval(look);
    session?.destroy();
    await proxy.stop();
    origin.stop();
  }
}
