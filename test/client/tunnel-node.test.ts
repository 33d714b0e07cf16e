import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createUserKey } from '../../src/bus/nkeys.js';
import { tunnelUrl } from '../../src/client/tunnel/tunnel-url.js';
import { joinToken } from '../hub/test-hub.js';
import { statusOf } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { until } from '../support/nats.js';
import { BlackHole, TunnelStage } from './tunnel-stage.js';

/** How often the tunnels of this file are asked whether they live, milliseconds. */
const pingEveryMs = 500;

describe('a node behind a tunnel', { timeout: 120_000 }, () => {
  let stage: TunnelStage;
  let server: InteropServer;
  const holes: BlackHole[] = [];

  before(async () => {
    stage = await TunnelStage.make({ tunnelPingSeconds: pingEveryMs / 1000 });
    server = await startInteropServer();
  });
  after(async () => {
    for (const hole of holes) hole.stop();
    await stage.stop();
    await server.stop();
  });

  /** A way to the hub that can break. */
  const breakable = async () => {
    const hole = new BlackHole(stage.hub.address);
    holes.push(hole);
    return { hole, hubs: [tunnelUrl(await hole.start())] };
  };
  const answers = async (node: string): Promise<void> => {
    const client = stage.client(node);
    const { status } = await client.unaryCall({});
    client.close();
    assert.equal(status.code, 0, status.details);
  };

  it('shows a token once, and its key alone from then on', async () => {
    const key = createUserKey();
    const first = stage.join('cellar', server.port, { key, token: await joinToken(stage.hub, 'cellar') });
    const place = await first.ready;
    assert.equal(place.hub, (await stage.listed('cellar')).instances[0]?.hub);
    await stage.inState('cellar', 'connected.idle');
    await first.stop();
    assert.deepEqual(await first.done, { reason: 'stopped', error: undefined });
    await stage.inState('cellar', 'lost');
    await stage.join('cellar', server.port, { key }).ready;
    await stage.inState('cellar', 'connected.idle');
    await answers('cellar');
  });

  it('without a bound key and a token is told so, and ends', async () => {
    const stranger = stage.join('cellar', server.port);
    await assert.rejects(stranger.ready, { code: 'KEY_UNKNOWN' });
    const { reason, error } = await stranger.done;
    assert.equal(reason, 'refused');
    assert.match(error?.hint ?? '', /postern token create --join cellar/);
  });

  it('comes again by itself when its connection is cut', async () => {
    const { hole, hubs } = await breakable();
    const node = stage.join('attic', server.port, { hubs, token: await joinToken(stage.hub, 'attic') });
    const { instance } = await node.ready;
    await stage.inState('attic', 'connected.idle');
    hole.cut();
    await stage.inState('attic', 'lost');
    await stage.inState('attic', 'connected.idle');
    assert.notEqual((await stage.listed('attic')).instances[0]?.id, instance);
    await answers('attic');
  });

  it('whose connection swallows everything is given up by the hub and comes again within three missed pings', async () => {
    const { hole, hubs } = await breakable();
    const node = stage.join('loft', server.port, {
      hubs,
      token: await joinToken(stage.hub, 'loft'),
      pingEveryMs,
    });
    const { instance } = await node.ready;
    await stage.inState('loft', 'connected.idle');
    const client = stage.client('loft');
    const open = client.streamingOutputCall({ responseParameters: [{ size: 1, intervalUs: 60_000_000 }] });
    await stage.inState('loft', 'connected.serving');
    const cutAt = performance.now();
    hole.swallow();
    assert.equal((await statusOf(open)).code, 14);
    const tookMs = performance.now() - cutAt;
    assert.ok(tookMs < 8 * pingEveryMs, `${Math.round(tookMs)} ms`);
    await until('it has another place', async () => {
      const [now] = (await stage.listed('loft')).instances;
      return now?.standing === 'ready' && now.id !== instance;
    });
    client.close();
    await answers('loft');
  });

  it('is taken over within 5 s by a process with the same key, while the hub thinks the old one is there', async () => {
    const key = createUserKey();
    const { hole, hubs } = await breakable();
    const first = stage.join('shed', server.port, { key, hubs, token: await joinToken(stage.hub, 'shed') });
    await first.ready;
    await stage.inState('shed', 'connected.idle');
    hole.swallow();
    const since = performance.now();
    const second = stage.join('shed', server.port, { key });
    const { instance } = await second.ready;
    await stage.inState('shed', 'connected.idle');
    await answers('shed');
    assert.ok(performance.now() - since < 5_000);
    // The older finds out when its connection is given up and it comes again: it must not take the place back.
    hole.cut();
    const { reason, error } = await first.done;
    assert.equal(reason, 'superseded');
    assert.match(error?.message ?? '', /a newer process with the same key serves node 'shed'/);
    const { instances } = await stage.listed('shed');
    assert.deepEqual(
      instances.map(({ id }) => id),
      [instance],
    );
  });

  it('ends as superseded when a newer process has its key, and does not come again', async () => {
    const key = createUserKey();
    const first = stage.join('barn', server.port, { key, token: await joinToken(stage.hub, 'barn') });
    await first.ready;
    const second = stage.join('barn', server.port, { key });
    const { instance } = await second.ready;
    assert.equal((await first.done).reason, 'superseded');
    await stage.inState('barn', 'connected.idle');
    assert.equal((await stage.listed('barn')).instances[0]?.id, instance);
    await answers('barn');
  });

  it('with another key waits, and the one that is there notices nothing', async () => {
    const first = stage.join('silo', server.port, { token: await joinToken(stage.hub, 'silo') });
    const { instance } = await first.ready;
    await stage.inState('silo', 'connected.idle');
    const second = stage.join('silo', server.port, { token: await joinToken(stage.hub, 'silo') });
    let joined = false;
    second.ready.then(
      () => {
        joined = true;
      },
      () => {},
    );
    for (let i = 0; i < 10; i += 1) await answers('silo');
    assert.deepEqual(
      (await stage.listed('silo')).instances.map(({ id }) => id),
      [instance],
    );
    assert.equal(joined, false);
    // It has the place as soon as the first is gone.
    await first.stop();
    await second.ready;
    await stage.inState('silo', 'connected.idle');
    await answers('silo');
  });

  it('is one of several where all share it', async () => {
    const nodes = await Promise.all(
      ['1', '2'].map(async (serverId) => {
        const own = await startInteropServer({ serverId });
        const token = await joinToken(stage.hub, 'mill');
        const node = stage.join('mill', own.port, { share: true, token });
        await node.ready;
        return { own, node };
      }),
    );
    await until('both are ready', async () => {
      const { instances } = await stage.listed('mill');
      return instances.length === 2 && instances.every(({ standing }) => standing === 'ready');
    });
    const client = stage.client('mill');
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 40 && seen.size < 2; i += 1) {
      seen.add((await client.unaryCall({ fillServerId: true })).value?.serverId);
    }
    client.close();
    assert.deepEqual([...seen].sort(), ['1', '2']);
    for (const { own, node } of nodes) {
      await node.stop();
      await own.stop();
    }
  });

  it('that is stopped takes no new calls and finishes the open one', async () => {
    const node = stage.join('well', server.port, { token: await joinToken(stage.hub, 'well') });
    await node.ready;
    await stage.inState('well', 'connected.idle');
    const client = stage.client('well');
    const call = client.fullDuplexCall();
    const status = statusOf(call);
    const answered = (): Promise<number> =>
      new Promise((resolve) => call.once('data', ({ payload }) => resolve(payload?.body.length ?? 0)));
    call.write({ responseParameters: [{ size: 3 }] });
    assert.equal(await answered(), 3);
    const stopped = node.stop();
    await stage.inState('well', 'connected.draining');
    assert.equal((await client.unaryCall({})).status.code, 14);
    call.write({ responseParameters: [{ size: 5 }] });
    assert.equal(await answered(), 5);
    call.end();
    assert.equal((await status).code, 0);
    await stopped;
    client.close();
    await stage.inState('well', 'lost');
  });

  it('whose server is down has its calls told so at once, with the address', async () => {
    const gone = await startInteropServer();
    const { port } = gone;
    await gone.stop();
    await stage.join('ruin', port, { token: await joinToken(stage.hub, 'ruin') }).ready;
    await stage.inState('ruin', 'connected.idle');
    const client = stage.client('ruin');
    const since = performance.now();
    const { status } = await client.unaryCall({});
    client.close();
    assert.equal(status.code, 14);
    assert.match(status.details, new RegExp(`the server at 127\\.0\\.0\\.1:${port} cannot be reached`));
    assert.ok(performance.now() - since < 4_500, 'connecting may take 5 s');
  });
});
