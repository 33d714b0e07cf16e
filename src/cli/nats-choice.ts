import { readHubFile } from '../client/hub-file.js';
import { PosternError } from '../errors.js';

/** The NATS servers that were named, else the one of the hub of the data directory. Throws `USAGE` (exit status 2). */
export async function natsOf(named: readonly string[], data: string): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const running = await readHubFile(data);
  if (running !== undefined) return [running.nats];
  throw new PosternError(
    'USAGE',
    `no hub runs with the data directory ${data}: name its NATS server with --nats`,
    { exitCode: 2 },
  );
}
