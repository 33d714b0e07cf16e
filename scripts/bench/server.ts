import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../../src/errors.js';
import { checkoutRoot, compiledRoot, type RunningProcess, startReady } from '../../test/support/processes.js';

const exec = promisify(execFile);

/** Go's net/http speaks HTTP/2 without TLS since then. */
const oldestGo = 24;
const buildMs = 120_000;

/** The server under test. */
export interface EchoServer {
  /** What it is made of, for people. */
  readonly name: string;
  readonly address: string;
  readonly process: RunningProcess;
}

/**
 * Starts the server that all paths lead to: Go's where a Go toolchain is on PATH, else Node's; `kind` demands one.
 * @param dir where the Go program is built.
 */
export async function startEchoServer(dir: string, kind: string): Promise<EchoServer> {
  if (kind !== '' && kind !== 'go' && kind !== 'node') {
    throw new PosternError('SERVER_UNKNOWN', `there is no server '${kind}'`, {
      hint: "choose 'go' or 'node'",
    });
  }
  const go = kind === 'node' ? undefined : await goVersion();
  if (go === undefined && kind === 'go') {
    throw new PosternError('NO_TOOL', `no Go 1.${oldestGo} or newer is on PATH`, { hint: 'install Go' });
  }
  if (go === undefined) {
    const script = path.join(compiledRoot, 'scripts/bench/echo.js');
    return ready(`node:http2, Node ${process.versions.node}`, await startReady(process.execPath, [script]));
  }
  const program = path.join(dir, 'echo');
  const source = path.join(checkoutRoot, 'scripts/bench/echo.go');
  await exec('go', ['build', '-o', program, source], { cwd: dir, timeout: buildMs });
  return ready(`net/http, Go ${go}`, await startReady(program, []));
}

function ready(name: string, process: RunningProcess): EchoServer {
  return { name, address: String(process.ready.listen), process };
}

/** Version of the Go on PATH; undefined where there is none or it is too old. */
async function goVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await exec('go', ['env', 'GOVERSION'], { timeout: buildMs });
    const [, version, minor] = /^go(1\.(\d+)\S*)/.exec(stdout) ?? [];
    return Number(minor) >= oldestGo ? version : undefined;
  } catch (thrown) {
    if (!errorText(thrown).includes('ENOENT')) throw thrown;
    return undefined;
  }
}
