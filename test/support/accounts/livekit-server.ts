import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { goBuilt } from '../../../scripts/go-tool.js';
import { freePort } from '../free-port.js';
import { eventually } from '../processes.js';

/** A LiveKit server, the real one, on loopback. */
export interface LiveKitServerProcess {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
  /** Ends it; it can be started again. */
  stop(): Promise<void>;
  /** Ends it for good. */
  remove(): Promise<void>;
  /** Starts it on the same port, with nothing of what it knew. */
  start(): Promise<void>;
  /** Whether it lets somebody in with this token, by what it answers. */
  takes(token: string): Promise<boolean>;
}

/** Builds LiveKit's server where it was not built yet, which takes a minute or two, and starts it. */
export async function startLiveKit(): Promise<LiveKitServerProcess> {
  const program = await goBuilt('test/fixtures/livekit', 'livekit-server', {
    what: 'github.com/livekit/livekit-server/cmd/server',
  });
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-livekit-'));
  const [port, tcp, udp] = await Promise.all([freePort(), freePort(), freePort()]);
  const [key, secret] = ['APIkey', 'a-secret-of-more-than-thirty-two-characters'];
  const config = path.join(dir, 'livekit.yaml');
  await writeFile(
    config,
    `port: ${port}
bind_addresses: [127.0.0.1]
rtc: {tcp_port: ${tcp}, udp_port: ${udp}, use_external_ip: false, node_ip: 127.0.0.1}
keys: {${key}: ${secret}}
`,
  );
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (ended === undefined || ended.exitCode !== null) return;
    const exited = new Promise((resolve) => ended.once('exit', resolve));
    ended.kill('SIGKILL');
    await exited;
  };
  const start = async (): Promise<void> => {
    child = spawn(program, ['--config', config], { stdio: 'ignore' });
    await eventually('LiveKit answers', async () => (await fetch(url)).ok);
  };
  await start();
  return {
    url,
    key,
    secret,
    start,
    stop: end,
    async remove() {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
    takes: async (token) => (await fetch(`${url}/rtc/validate?access_token=${token}`)).ok,
  };
}
