import { randomBytes } from 'node:crypto';
import { type Demo, firstListen, postern, same, succeeded, typed } from './context.js';
import { type Program, until } from './programs.js';

/** etcd behind its agent, by an etcdctl that knows nothing of Postern. */
export async function etcdPart(demo: Demo): Promise<void> {
  const { stage, world } = demo;
  stage.part('etcd behind NAT, and the etcdctl that everybody has');
  const proxy = await stage.step('a local port for clients that can name no node', async () => {
    stage.command('postern proxy etcd --listen 127.0.0.1:0');
    const args = ['proxy', 'etcd', '--listen', '127.0.0.1:0', '--output', 'json'];
    const started = await world.programs.startReady('proxy', postern, args);
    return { ...started, address: world.owns(firstListen(started.ready)) };
  });
  const etcdctl = async (args: readonly string[], input?: string): Promise<string> => {
    stage.command(typed('etcdctl', ['--endpoints', proxy.address, ...args]));
    const finished = await world.programs.run(demo.etcdctl, ['--endpoints', proxy.address, ...args], {
      ...(input === undefined ? {} : { input }),
      timeoutMs: 15_000,
    });
    return succeeded(`etcdctl ${args[0]}`, finished).stdout.trimEnd();
  };

  await stage.step('put and get', async () => {
    same('put', await etcdctl(['put', 'greeting', 'hello from behind NAT']), 'OK');
    same('get', await etcdctl(['get', 'greeting', '--print-value-only']), 'hello from behind NAT');
  });
  await stage.step('a 300 kB value comes back as it went, byte by byte', async () => {
    const value = randomBytes(225_000).toString('base64');
    same('put', await etcdctl(['put', 'large'], value), 'OK');
    same('get', await etcdctl(['get', 'large', '--print-value-only']), value);
  });
  await stage.step('a transaction', async () => {
    const script =
      'value("greeting") = "hello from behind NAT"\n\nput greeting changed\n\nput greeting wrong\n\n';
    same('txn', (await etcdctl(['txn'], script)).split('\n')[0] ?? '', 'SUCCESS');
    same('get', await etcdctl(['get', 'greeting', '--print-value-only']), 'changed');
  });
  await stage.step('a watch sees two changes as they happen', async () => {
    const watch = watching(demo, proxy.address);
    // Unlike a delay, a change that repeats until it is seen proves that the watch has begun.
    if (!(await until(async () => (await etcdQuiet(demo, proxy.address)) && lines(watch) > 0, 15_000))) {
      throw new Error(`the watch never began: ${watch.stderr()}`);
    }
    const seen = watch.stdout().length;
    same('put', await etcdctl(['put', 'weather', 'rain']), 'OK');
    same('put', await etcdctl(['put', 'weather', 'sun']), 'OK');
    const expected = 'PUT\nweather\nrain\nPUT\nweather\nsun\n';
    await until(() => watch.stdout().slice(seen).endsWith(expected), 10_000);
    const events = watch.stdout().slice(seen);
    if (!events.endsWith(expected)) throw new Error(`the watch saw ${JSON.stringify(events)}`);
    stage.show(expected.trim().replaceAll('\n', ' ').replace(' PUT', '\nPUT'));
    await watch.stop();
  });
  await stage.step('a lease is granted, kept alive, and its key goes when it is revoked', async () => {
    const granted = await etcdctl(['lease', 'grant', '2']);
    const lease = /lease ([0-9a-f]+) granted/.exec(granted)?.[1];
    if (lease === undefined) throw new Error(`lease grant said ${granted}`);
    same('put', await etcdctl(['put', 'leased', 'value', `--lease=${lease}`]), 'OK');
    stage.command(`etcdctl --endpoints ${proxy.address} lease keep-alive ${lease}`);
    const keeper = world.programs.start('keep-alive', demo.etcdctl, [
      ...['--endpoints', proxy.address],
      ...['lease', 'keep-alive', lease],
    ]);
    // Answers are a third of its life apart: five of them are more than it would have lived without.
    if (!(await until(() => keeper.stdout().split('keepalived').length > 5, 15_000))) {
      throw new Error(`lease keep-alive said ${keeper.stdout()} ${keeper.stderr()}`);
    }
    same('get', await etcdctl(['get', 'leased', '--print-value-only']), 'value');
    await keeper.stop();
    await etcdctl(['lease', 'revoke', lease]);
    same('get', await etcdctl(['get', 'leased', '--print-value-only']), '');
  });
  await stage.step('the proxy ends by SIGTERM', async () => {
    if (!(await proxy.stop())) throw new Error('it had to be killed');
  });
}

function watching({ stage, world, etcdctl }: Demo, address: string): Program {
  stage.command(`etcdctl --endpoints ${address} watch weather`);
  return world.programs.start('watch', etcdctl, ['--endpoints', address, 'watch', 'weather']);
}

const lines = (program: Program): number => program.stdout().split('\n').length - 1;

/** Changes the watched key without a word; true when etcd took it. */
async function etcdQuiet({ world, etcdctl }: Demo, address: string): Promise<boolean> {
  const put = ['--endpoints', address, 'put', 'weather', 'unsettled'];
  return (await world.programs.run(etcdctl, put, { timeoutMs: 10_000 })).code === 0;
}
