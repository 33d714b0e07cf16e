import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { freePort } from '../../src/bus/server-process.js';
import { PosternError } from '../../src/errors.js';
import { compiledRoot } from '../../test/support/processes.js';
import { debianTool } from '../debian-tool.js';
import { type Demo, firstListen } from './context.js';
import { lastWords, type Program, until } from './programs.js';

/** The proxy that a network lets nobody around. */
export interface WayOut {
  readonly program: Program;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly login: { readonly user: string; readonly password: string };
  /** How often it was asked for a connection to the hub. */
  connects(): number;
}

const login = { user: 'agent', password: 'n0bodyGuessesThis' } as const;

/** Where a tinyproxy is; undefined: the demo's own proxy has to do, and it was said why. */
export async function findTinyproxy({ stage }: Pick<Demo, 'stage'>): Promise<string | undefined> {
  if (process.env.DEMO_PROXY === 'own') {
    stage.show("the demo's own proxy, as DEMO_PROXY says");
    return undefined;
  }
  try {
    const tool = await debianTool('tinyproxy');
    stage.show(tool.path);
    return tool.path;
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    stage.show(`the demo's own proxy: ${thrown.message}`);
    return undefined;
  }
}

/** Starts a proxy on loopback with a login that lets through to the port `hubPort` alone. */
export async function startProxy(
  { world }: Pick<Demo, 'world'>,
  tinyproxy: string | undefined,
  hubPort: number,
): Promise<WayOut> {
  const { program, address } =
    tinyproxy === undefined
      ? await startOwn(world, hubPort)
      : await startTinyproxy(world, tinyproxy, hubPort);
  const asked = new RegExp(`CONNECT localhost:${hubPort}\\b`, 'g');
  return {
    program,
    address,
    login,
    connects: () => (program.stdout() + program.stderr()).match(asked)?.length ?? 0,
  };
}

type Started = Pick<WayOut, 'program' | 'address'>;

async function startOwn(world: Demo['world'], hubPort: number): Promise<Started> {
  const file = path.join(compiledRoot, 'scripts/demo/connect-proxy.js');
  const program = await world.programs.startReady('proxy-out', process.execPath, [file, String(hubPort)], {
    DEMO_PROXY_LOGIN: `${login.user}:${login.password}`,
  });
  return { program, address: world.owns(firstListen(program.ready)) };
}

/** Starts it; again on another port where somebody was faster. */
async function startTinyproxy(world: Demo['world'], command: string, hubPort: number): Promise<Started> {
  const config = path.join(world.dir, 'tinyproxy.conf');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort('127.0.0.1');
    const lines = [
      ...[`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 600', 'MaxClients 20', 'LogLevel Connect'],
      ...[`ConnectPort ${hubPort}`, `BasicAuth ${login.user} ${login.password}`],
    ];
    await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    const program = world.programs.start('proxy-out', command, ['-d', '-c', config]);
    const up = async () => !program.running() || (await listens(port));
    if ((await until(up, 10_000)) && program.running()) {
      return { program, address: world.owns(`127.0.0.1:${port}`) };
    }
    if (attempt === 3) throw new Error(`tinyproxy does not start: ${lastWords(program)}`);
    await program.stop();
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', tell(true)).once('error', tell(false));
  });
}
