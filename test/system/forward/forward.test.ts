import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { bareCall } from '../../hub/test-hub.js';
import { InteropClient } from '../../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { eventually } from '../../support/processes.js';
import { dialPort, ForwardStage, readToEnd, startTarget, type TargetServer, writeAll } from './stage.js';

const mebibyte = 1024 * 1024;

describe('a forward', { timeout: 180_000 }, () => {
  let stage: ForwardStage;
  let echo: TargetServer;
  let custom: TargetServer;
  let serve: (socket: Socket) => void = () => {};
  let daemon: InteropServer;

  before(async () => {
    echo = await startTarget((socket) => socket.pipe(socket));
    custom = await startTarget((socket) => serve(socket));
    daemon = await startInteropServer({ address: '127.0.0.1:0' });
    stage = await ForwardStage.make(daemon.address, [echo.address, custom.address, '127.0.0.1:1']);
  });
  after(async () => {
    await stage.stop();
    await daemon.stop();
    await echo.stop();
    await custom.stop();
  });

  it('carries many connections byte by byte, both ways at once', async () => {
    const { port } = await stage.listen(`:${echo.address}`);
    const one = async (bytes: number) => {
      const socket = await dialPort(port);
      const [sent, got] = await Promise.all([writeAll(socket, bytes), readToEnd(socket)]);
      assert.deepEqual(got, { bytes, hash: sent });
    };
    await Promise.all([0, 1, 65_536, 1_000_003, 8 * mebibyte, ...Array<number>(15).fill(300_000)].map(one));
  });

  it("passes a client's end on while the target still answers, and the other way round", async () => {
    const { port } = await stage.listen(`:${custom.address}`);
    serve = (socket) => {
      socket.once('end', () => socket.end('after your end'));
      socket.resume();
    };
    const first = await dialPort(port);
    first.end('all that I say');
    assert.equal((await first.setEncoding('utf8').toArray()).join(''), 'after your end');

    let heard = '';
    serve = (socket) => {
      socket.end('I have ended');
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard += text;
      });
    };
    const second = await dialPort(port);
    let said = '';
    second.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(second, 'end');
    assert.equal(said, 'I have ended');
    second.write('I have not');
    await eventually('it was heard', () => heard === 'I have not');
    second.end('.');
    await eventually('it was heard', () => heard === 'I have not.');
  });

  it('brings all that a client has sent to a target that had ended before, and ends well', async () => {
    const { port } = await stage.listen(`:${custom.address}`);
    let heard = 0;
    let ended = false;
    serve = async (socket) => {
      socket.end('I have ended');
      for await (const chunk of socket) {
        heard += Buffer.byteLength(chunk);
        await delay(1); // slower than the client
      }
      ended = true;
    };
    const client = await dialPort(port);
    client.resume();
    await once(client, 'end');
    await writeAll(client, mebibyte);
    await eventually('all of it was heard', () => ended);
    assert.equal(heard, mebibyte);
    const told = async () =>
      (await stage.fleet.postern(['activity', '--type', 'forward-ended', '-o', 'jsonl'])).stdout
        .split('\n')
        .find((line) => line.includes(`"requestBytes":${mebibyte},`));
    await eventually('its end is told', async () => (await told()) !== undefined);
    assert.match((await told()) ?? '', /"status":"OK"/);
  });

  it('holds a fast side while the other does not read', async () => {
    const { port } = await stage.listen(`:${custom.address}`);
    const block = Buffer.alloc(mebibyte);
    const total = 64;
    let written = 0;
    serve = async (socket) => {
      for (; written < total; written++) if (!socket.write(block)) await once(socket, 'drain');
      socket.end();
    };
    const slow = await dialPort(port);
    slow.pause();
    let last = -1;
    await eventually('the target is held', async () => {
      const held = written > 0 && written === last;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 700));
      return held;
    });
    assert.ok(written < 32, `${written} MiB were taken though nobody reads`);
    assert.equal((await readToEnd(slow)).bytes, total * mebibyte);
  });

  it('leads to the gRPC server of the node where no target is named', async () => {
    const { port } = await stage.listen(':');
    const client = new InteropClient({ address: `127.0.0.1:${port}` });
    assert.equal((await client.emptyCall()).status.code, 0);
    client.close();
  });

  it('ends with its target, and takes its target with it', async () => {
    serve = (socket) => socket.resume();
    const before = custom.accepted.length;
    const { port } = await stage.listen(`:${custom.address}`);
    const cut = await dialPort(port);
    await eventually('the target was reached', () => custom.accepted.length > before);
    cut.resume();
    const broken = once(cut, 'end').then(
      () => 'it looks as if it had ended well',
      (error: Error) => error.message,
    );
    custom.accepted.at(-1)?.resetAndDestroy();
    assert.match(await broken, /ECONNRESET/);
    const left = await dialPort(port);
    await eventually('the target was reached', () => custom.accepted.length > before + 1);
    left.resetAndDestroy();
    await eventually('it is gone there too', () => custom.accepted.at(-1)?.destroyed === true);
  });

  it('says in one line why it is refused, and reaches nobody then', async () => {
    const before = custom.accepted.length + echo.accepted.length;
    const code = async (request: Record<string, unknown> | string) => {
      const { socket, answer } = await stage.raw(request);
      socket.destroy();
      return `${answer?.ok}: ${answer?.code}`;
    };
    const ports: Record<string, string> = {
      'a target that is not allowed': await code({ node: 'cellar', target: '127.0.0.1:22' }),
      'a name for an allowed address': await code({
        node: 'cellar',
        target: echo.address.replace('127.0.0.1', 'localhost'),
      }),
      'a target that is down': await code({ node: 'cellar', target: '127.0.0.1:1' }),
      'an unknown node': await code({ node: 'nobody', target: echo.address }),
      'a name that is none': await code({ node: 'a.b', target: echo.address }),
      'no token': await code({ node: 'cellar', target: echo.address, token: undefined }),
      'a bad token': await code({ node: 'cellar', target: echo.address, token: 'x.y.z' }),
      'a line that is too long': await code(`{"token":"${'x'.repeat(20_000)}`),
      'another form': await code('{"hello":1}\n'),
      'no JSON': await code('{nonsense\n'),
      'half a character': await code('{"token":"x","node":"cellar","target":"\\ud800"}\n'),
    };
    assert.deepEqual(ports, {
      'a target that is not allowed': 'false: TARGET_REFUSED',
      'a name for an allowed address': 'false: TARGET_REFUSED',
      'a target that is down': 'false: TARGET_UNREACHABLE',
      'an unknown node': 'false: NODE_UNKNOWN',
      'a name that is none': 'false: NODE_NAME_INVALID',
      'no token': 'false: FORWARD_INVALID',
      'a bad token': 'false: UNAUTHENTICATED',
      'a line that is too long': 'false: FORWARD_INVALID',
      'another form': 'false: FORWARD_INVALID',
      'no JSON': 'false: FORWARD_INVALID',
      'half a character': 'false: FORWARD_INVALID',
    });
    assert.equal(custom.accepted.length + echo.accepted.length, before);
  });

  it('answers before the bytes, and takes bytes that came with the first line', async () => {
    const { socket, answer } = await stage.raw({ node: 'cellar', target: echo.address });
    assert.deepEqual(answer, { ok: true });
    socket.end('straight on');
    assert.equal((await socket.setEncoding('utf8').toArray()).join(''), 'straight on');
  });

  it('is limited by what a token may call, and is no path for calls', async () => {
    const token = await stage.fleet.callerToken('narrow', ['--methods', `postern.forward/${echo.address}`]);
    const { socket, answer } = await stage.raw({ token, node: 'cellar', target: echo.address });
    assert.deepEqual(answer, { ok: true });
    socket.destroy();
    const other = await stage.raw({ token, node: 'cellar', target: custom.address });
    assert.equal(other.answer?.code, 'PERMISSION_DENIED');
    const outcome = await bareCall(
      stage.hub,
      { authorization: `Bearer ${token}`, name: 'cellar' },
      `/postern.forward/${echo.address}`,
    );
    assert.deepEqual([outcome.status, outcome.code], [12, 'NOT_SERVED']);
  });
});
