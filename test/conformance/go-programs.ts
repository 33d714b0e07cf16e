import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { goBuilt, goInstalled } from '../../scripts/go-tool.js';
import { run } from '../support/processes.js';

/** The grpc-go whose interop programs are used. */
export const grpcGoVersion = 'v1.85.0';
/** Pinned in `test/conformance/h2spec/go.mod`. */
export const h2specVersion = 'v2.2.1';

/** A program of grpc-go: `client` and `server` of the interop tests, `http2` is the client of the negative ones. */
export function grpcGo(program: 'client' | 'server' | 'http2'): Promise<string> {
  return goInstalled(`google.golang.org/grpc/interop/${program}@${grpcGoVersion}`);
}

export function h2spec(): Promise<string> {
  return goBuilt('test/conformance/h2spec', 'h2spec', { what: 'github.com/summerwind/h2spec/cmd/h2spec' });
}

/** How a client's case went: '' where it passed, else what the client said last. */
export type Verdict = string;

/** Runs one case of an interop client of grpc-go. */
export async function runGoClient(
  program: string,
  address: string,
  testCase: string,
  more: readonly string[] = [],
): Promise<Verdict> {
  const at = address.lastIndexOf(':');
  const args = ['-server_host', address.slice(0, at), '-server_port', address.slice(at + 1)];
  const { code, stderr } = await run(program, [...args, '-test_case', testCase, ...more], {
    env: { GRPC_GO_LOG_SEVERITY_LEVEL: 'error' },
    timeoutMs: 60_000,
  });
  if (code === 0) return '';
  return stderr.trim().split('\n').at(-1) || `exit status ${code}`;
}

/** A server of grpc-go's that runs. */
export interface GoServer {
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts grpc-go's interop server on a free port, which only its log tells. */
export async function startGoServer(): Promise<GoServer> {
  const program = await grpcGo('server');
  const child = spawn(program, ['-port', '0'], {
    env: { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: 'info' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const closed = once(child, 'close');
  const port = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} did not say where it listens`)), 30_000);
    void closed.then(() => reject(new Error(`${program} has ended`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const said = /server listening on .*:(\d+)$/.exec(line)?.[1];
      if (said === undefined) return;
      clearTimeout(timer);
      resolve(said);
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      process.off('exit', end);
      end();
      await closed;
    },
  };
}
