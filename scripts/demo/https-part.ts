import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { InteropClient } from '../../test/support/interop/client.js';
import { makeAuthority } from '../certs/issue.js';
import { type Demo, joinToken, runPostern, same, startPostern } from './context.js';
import { until } from './programs.js';
import { findTinyproxy, startProxy, type WayOut } from './way-out.js';

/** An agent that may reach nothing but the hub's HTTPS, through a proxy with a login, and a client with TLS. */
export async function httpsPart(demo: Demo): Promise<void> {
  const { stage, sabotage, hub } = demo;
  stage.part('A network that lets out nothing but HTTPS, through a proxy with a login');
  const port = Number(hub.slice(hub.lastIndexOf(':') + 1));
  const tinyproxy = await stage.step('a proxy', () => findTinyproxy(demo), 300_000);
  const proxy = await stage.step('it runs, and lets through to the hub alone', () =>
    startProxy(demo, tinyproxy, port),
  );
  await stage.step('agent `cellar` joins over TLS, and speaks NATS in a WebSocket', async () => {
    await startAgent(demo, proxy, port);
    await isListed(demo);
  });
  await stage.step('every connection of it went through the proxy', async () => {
    // One to enrol, with two requests or one each, and one that the bus is spoken on.
    const asked = `the proxy was asked for localhost:${port} ${proxy.connects()} times`;
    stage.show(asked);
    if (proxy.connects() < 2) throw new Error(asked);
  });
  if (sabotage === 'kill-proxy') {
    proxy.program.signal('SIGKILL');
    await until(() => !proxy.program.running(), 5_000);
  }
  await stage.step('grpc-js over TLS: 100 kB there and 100 kB back, every byte checked', () =>
    callOverTls(demo, `localhost:${port}`),
  );
}

async function startAgent(demo: Demo, proxy: WayOut, port: number): Promise<void> {
  const { world, sabotage, served } = demo;
  const { user, password } = proxy.login;
  const url = (secret: string): string => `http://${user}:${secret}@${proxy.address}`;
  const around = sabotage === 'around-proxy' ? 'localhost' : '';
  await startPostern(demo, {
    name: 'agent-cellar',
    args: [
      ...['agent', '--node', 'cellar', '--to', served, '--hub', `https://localhost:${port}`],
      ...['--hub-ca', sabotage === 'wrong-authority' ? await otherAuthority(world.dir) : demo.ca.file],
      ...['--data', path.join(world.dir, 'cellar'), '--token', await joinToken(demo, 'cellar')],
    ],
    env: {
      ...{ HTTPS_PROXY: url(password), https_proxy: url(password) },
      ...{ NO_PROXY: around, no_proxy: around },
    },
    shownEnv: `HTTPS_PROXY=${url('$PASSWORD')}`,
  });
}

async function otherAuthority(dir: string): Promise<string> {
  const file = path.join(dir, 'other-ca.pem');
  await writeFile(file, (await makeAuthority('another authority', 1)).cert);
  return file;
}

async function isListed(demo: Demo): Promise<void> {
  const { stdout } = await runPostern(demo, ['nodes', 'cellar']);
  demo.stage.show(stdout);
  if (!/ nats-ws /.test(stdout)) throw new Error('its way is not NATS over WebSocket');
}

async function callOverTls({ ca, token }: Demo, address: string): Promise<void> {
  const client = new InteropClient({
    address,
    metadata: { name: 'cellar', authorization: `Bearer ${token}` },
    credentials: credentials.createSsl(Buffer.from(ca.pem)),
  });
  try {
    const bytes = 100_000;
    const { error, value } = await client.unaryCall(
      { responseSize: bytes, payload: { body: Buffer.alloc(bytes) } },
      undefined,
      { deadline: Date.now() + 15_000 },
    );
    if (error !== null) throw error;
    same('the answer', Buffer.from(value?.payload?.body ?? []).toString('latin1'), '\0'.repeat(bytes));
  } finally {
    client.close();
  }
}
