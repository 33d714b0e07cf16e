import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { goInstalled } from '../../../scripts/go-tool.js';
import { freePort } from '../../support/free-port.js';
import { eventually } from '../../support/processes.js';

/** A server that speaks as S3 and keeps objects as files; another implementation than the client's, under the Apache License. */
const program = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';

/** A running object store with one empty bucket. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** The directory that holds the bucket's objects as files. */
  readonly files: string;
  /** What AWS programs read from the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it as a lost machine does. */
  kill(): Promise<void>;
  /** Starts it again at the same place. */
  start(): Promise<void>;
}

/** Builds it where that was not done yet, and starts it. */
export async function startS3(dir: string): Promise<S3Server> {
  const file = await goInstalled(program);
  const [bucket, access, secret] = ['garden-logs', 'test-access', 'test-secret-of-s3'];
  const files = join(dir, 's3', bucket);
  await mkdir(files, { recursive: true });
  await mkdir(join(dir, 'meta-of-s3'), { recursive: true });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret };
  let child: ReturnType<typeof spawn> | undefined;
  const server: S3Server = {
    ...{ endpoint, bucket, files, env },
    async start() {
      const args = ['--port', `127.0.0.1:${port}`, '--access', access, '--secret', secret, '--quiet'];
      child = spawn(file, [...args, 'posix', '--sidecar', join(dir, 'meta-of-s3'), join(dir, 's3')], {
        stdio: 'ignore',
      });
      await eventually('the object store answers', async () => (await fetch(endpoint)).status > 0);
    },
    async kill() {
      if (child === undefined || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
  await server.start();
  return server;
}
