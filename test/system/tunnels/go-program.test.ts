import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { goBuilt } from '../../../scripts/go-tool.js';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { BlackHole, TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { until } from '../../support/nats.js';

const missing = await withoutGo();
const node = 'gopher';

describe("a program with Go's WebSocket, yamux and gRPC", { skip: missing, timeout: 240_000 }, () => {
  let program: string;
  let stage: TunnelStage;
  let hole: BlackHole;
  let hub: string;
  let token: string;
  let running: { child: ChildProcess; log: () => string };
  let client: Client;
  const metadata = new Metadata();

  before(async () => {
    program = await goBuilt('examples/tunnel-go', 'tunnel-go');
    stage = await TunnelStage.make({ tunnelPingSeconds: 0.5 });
    token = await joinToken(stage.hub, node);
    hole = new BlackHole(stage.hub.address);
    hub = await hole.start();
    running = start();
    client = new Client(stage.hub.address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    metadata.set('name', node);
    metadata.set('authorization', `Bearer ${stage.hub.adminToken}`);
    await stage.inState(node, 'connected.idle');
  });
  after(async () => {
    client.close();
    hole.stop();
    await stage.stop();
    running.child.kill('SIGKILL');
  });

  const start = (shown = token) => {
    const child = spawn(program, [`ws://${hub}/ws`, node], {
      env: { ...process.env, TOKEN: shown },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    return { child, log: () => log };
  };
  const echoed = (body: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest('/example.Echo/Once', wrapped, unwrapped, body, metadata, (error, answer) => {
        if (error !== null || answer === undefined) reject(error ?? new Error('no answer'));
        else resolve(answer);
      });
    });
  const chat = () => {
    const call = client.makeBidiStreamRequest('/example.Echo/Chat', wrapped, unwrapped, metadata);
    call.on('error', () => {});
    const code = new Promise<number>((resolve) => call.once('status', (status) => resolve(status.code)));
    return { call, code };
  };
  const comesBack = async () => {
    await stage.inState(node, 'connected.idle');
    const body = Buffer.from('again');
    assert.deepEqual(await echoed(body), body);
  };

  it('is called through 512-byte messages, and answers pings', async () => {
    const { instances } = await stage.listed(node);
    assert.equal(instances[0]?.transport, 'tunnel');
    const body = Buffer.from('hello');
    assert.deepEqual(await echoed(body), body);
    await until('the round trip is known', async () =>
      (await stage.listed(node)).instances.some(({ roundTripUs }) => roundTripUs > 0),
    );
  });

  it('takes and gives messages of 3 MiB, unchanged', async () => {
    const body = Buffer.alloc(3 * 1_048_576, 'ABCDEFG');
    assert.ok((await echoed(body)).equals(body));
  });

  it('streams both ways and half-closes', async () => {
    const { call, code } = chat();
    const got: string[] = [];
    call.on('data', (bytes: Buffer) => got.push(bytes.toString()));
    for (let i = 0; i < 200; i += 1) call.write(Buffer.from(`message ${i}`));
    call.end();
    assert.equal(await code, 0);
    assert.deepEqual(
      got,
      Array.from({ length: 200 }, (_, i) => `message ${i}`),
    );
  });

  it('whose answers nobody reads keeps answering others, and loses nothing', async () => {
    const { call, code } = chat();
    const size = 262_144;
    const count = 64;
    for (let i = 0; i < count; i += 1) call.write(Buffer.alloc(size, i));
    call.end();
    for (let i = 0; i < 20; i += 1) {
      const body = Buffer.from(`beside ${i}`);
      assert.deepEqual(await echoed(body), body);
    }
    let next = 0;
    call.on('data', (bytes: Buffer) => {
      assert.ok(bytes.equals(Buffer.alloc(size, next)));
      next += 1;
    });
    assert.equal(await code, 0);
    assert.equal(next, count);
  });

  it('comes again when its connection is cut', async () => {
    hole.cut();
    await stage.inState(node, 'lost');
    await comesBack();
    assert.match(running.log(), /the tunnel is over/);
  });

  it('fails its calls in time when its connection swallows everything', async () => {
    const { call, code } = chat();
    call.write(Buffer.from('x'));
    await once(call, 'data');
    hole.swallow();
    const since = performance.now();
    assert.equal(await code, 14);
    assert.ok(performance.now() - since < 5_000);
  });

  it('that is killed is lost, and has its place again when it is started anew', async () => {
    running.child.kill('SIGKILL');
    await stage.inState(node, 'lost');
    running = start();
    await comesBack();
  });

  it('says what a hub has against it', async () => {
    const refused = start('pj_of_nobody');
    try {
      await until('it says so', () => refused.log().includes('TOKEN_INVALID'));
    } finally {
      refused.child.kill('SIGKILL');
    }
  });

  it('stops for good when a newer process with its token has come', async () => {
    const older = running;
    running = start();
    if (older.child.exitCode === null)
      await once(older.child, 'exit', { signal: AbortSignal.timeout(20_000) });
    assert.match(older.log(), /over for good: .*4001/);
    await comesBack();
    assert.equal(running.child.exitCode, null);
  });
});

/** A google.protobuf.BytesValue. */
function wrapped(body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([0x0a, ...length, rest]), body]);
}

function unwrapped(message: Buffer): Buffer {
  let at = 1;
  while ((message[at] ?? 0) > 127) at += 1;
  return message.subarray(at + 1);
}
