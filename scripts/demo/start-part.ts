import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../src/bus/server-process.js';
import { checkoutRoot, compiledRoot } from '../../test/support/processes.js';
import { makeAuthority } from '../certs/issue.js';
import { debianTool } from '../debian-tool.js';
import {
  type Demo,
  firstListen,
  joinToken,
  postern,
  runPostern,
  type Sabotage,
  startPostern,
} from './context.js';
import { lastWords, type Program, until } from './programs.js';
import type { Stage } from './stage.js';
import type { World } from './world.js';

/** Starts everything: hub and bus, two servers, an agent in front of each. */
export async function startPart(stage: Stage, world: World, sabotage: Sabotage | ''): Promise<Demo> {
  const both = { stage, world };
  stage.part('Set-up');
  const etcd = await stage.step('etcd and etcdctl', () => tool('etcd'), 300_000);
  const etcdctl = await tool('etcdctl');
  stage.show(`${etcd}\n${etcdctl}`);
  const { ca, ...certificate } = await stage.step('a certificate for the hub, and who signed it', () =>
    makeCertificate(world),
  );

  stage.part('The public side: a hub, and NATS within it');
  stage.command(`export POSTERN_DATA=${world.data}`);
  const up = await stage.step(
    'the hub is ready',
    () =>
      startPostern(both, {
        name: 'hub',
        args: [
          ...['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'],
          ...['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key],
        ],
      }),
    300_000,
  );
  const hub = world.owns(firstListen(up.ready));
  if (typeof up.ready.nats === 'string') world.owns(up.ready.nats);
  stage.show(`gRPC on ${hub}: with TLS for everybody, without it for this machine alone`);

  stage.part('The private side: two servers that only their own machine can reach');
  const etcdAddress = await stage.step('etcd', () => startEtcd(world, etcd));
  const interop = await stage.step("gRPC's TestService, on grpc-js", () =>
    world.programs.startReady('testservice', process.execPath, [
      path.join(compiledRoot, 'test/support/interop/server.js'),
      ...['--listen', '127.0.0.1:0'],
    ]),
  );
  const served = await relayed(world, world.owns(firstListen(interop.ready)), sabotage);

  stage.part('An agent beside each: it dials out, nobody dials in');
  const agent = (node: string, to: string, extra: readonly string[]): Promise<Program> =>
    startPostern(both, {
      name: `agent-${node}`,
      args: [
        ...['agent', '--node', node, '--to', to, '--hub', `http://${hub}`],
        ...['--data', path.join(world.dir, node), ...extra],
      ],
    });
  await stage.step('agent `etcd` joins with a token that binds its own key to the name', async () => {
    await agent('etcd', etcdAddress, ['--token', await joinToken(both, 'etcd')]);
  });
  const interopAgent = await stage.step('agent `demo` joins', async () =>
    agent('demo', served, ['--token', await joinToken(both, 'demo')]),
  );
  await stage.step('both nodes are connected', async () => {
    const connected = () => both.world.programs.run(postern, ['nodes', '-o', 'json']);
    let listed = '';
    const there = await until(async () => {
      listed = (await connected()).stdout;
      return listed.split('"connected').length === 3;
    }, 15_000);
    if (!there) throw new Error(`postern nodes: ${listed}`);
    stage.show((await runPostern(both, ['nodes'])).stdout);
  });
  const token = await stage.step('a token for a caller', async () =>
    (await runPostern(both, ['token', 'create', '--caller', 'demo-client'])).stdout.trim(),
  );
  return {
    ...{ stage, world, sabotage, hub, ca, token, up, interop, served, interopAgent, etcdctl },
    reports: path.resolve(process.env.DEMO_REPORTS || path.join(checkoutRoot, 'demo-report')),
    startInteropAgent: () => agent('demo', served, []),
  };
}

async function tool(command: string): Promise<string> {
  return (await debianTool(command)).path;
}

/** Files of the hub's certificate and of its key, and the authority that signed it. */
async function makeCertificate(world: World): Promise<{ ca: Demo['ca']; cert: string; key: string }> {
  const authority = await makeAuthority('demo authority', 1);
  const { cert, key } = await authority.issue(['localhost', '127.0.0.1']);
  const kept = async (name: string, pem: string): Promise<string> => {
    const file = path.join(world.dir, name);
    await writeFile(file, pem, { mode: 0o600 });
    return file;
  };
  return {
    ca: { file: await kept('ca.pem', authority.cert), pem: authority.cert },
    cert: await kept('hub.crt', cert),
    key: await kept('hub.key', key),
  };
}

/** Starts etcd; again on other ports where somebody was faster. Resolves to its address. */
async function startEtcd(world: World, command: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const [client, peer] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const clientUrl = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const etcd = world.programs.start('etcd', command, [
      ...['--name', 'demo', '--data-dir', path.join(world.dir, `etcd-${attempt}`)],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `demo=${peerUrl}`, '--logger', 'zap', '--log-level', 'warn'],
    ]);
    const healthy = async () => !etcd.running() || (await answersHealth(clientUrl));
    if ((await until(healthy, 20_000)) && etcd.running()) {
      world.owns(peerUrl);
      return world.owns(`127.0.0.1:${client}`);
    }
    if (attempt === 3) throw new Error(`etcd does not start: ${lastWords(etcd)}`);
    await etcd.stop();
  }
}

async function answersHealth(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Where the agent finds the TestService: itself, or a relay that spoils one byte. */
async function relayed(world: World, address: string, sabotage: Sabotage | ''): Promise<string> {
  if (sabotage !== 'flip-byte') return address;
  const program = path.join(compiledRoot, 'scripts/demo/flip-relay.js');
  const relay = await world.programs.startReady('relay', process.execPath, [program, address]);
  return world.owns(firstListen(relay.ready));
}
