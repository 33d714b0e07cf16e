import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Balancer } from '../../src/hub/balancer.js';
import { type Place, type Pool, pick } from '../../src/hub/pool.js';
import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../../src/rpc/call.js';

const head: CallHead = { path: '/a.B/C', authority: '', metadata: [], timeoutMs: undefined, caller: 'me' };
const refusal: CallReset = { status: 14, message: 'nobody there', refused: true, remote: false };

/** A target that keeps what it is told, and through which the test answers. */
class Server implements CallTarget, Call {
  readonly heads: CallHead[] = [];
  readonly chunks: string[] = [];
  halfClosed = 0;
  cancelled = 0;
  consumedBytes = 0;
  goOn = true;
  sink: CallSink | undefined;
  open(opened: CallHead, sink: CallSink): Call {
    this.heads.push(opened);
    this.sink = sink;
    return this;
  }
  write(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk).toString());
    return this.goOn;
  }
  end(): void {
    this.halfClosed++;
  }
  cancel(): void {
    this.cancelled++;
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
}

class Client implements CallSink {
  readonly events: string[] = [];
  head(metadata: RawMetadata): void {
    this.events.push(`head ${metadata.join()}`);
  }
  data(chunk: Uint8Array): void {
    this.events.push(`data ${Buffer.from(chunk).toString()}`);
  }
  trailers(metadata: RawMetadata): void {
    this.events.push(`trailers ${metadata.join()}`);
  }
  reset(reset: CallReset): void {
    this.events.push(`reset ${reset.status} ${reset.message}`);
  }
  drain(): void {
    this.events.push('drain');
  }
}

function fleet(...services: string[][]) {
  const servers = services.map(() => new Server());
  const ready: Place[] = servers.map((target, i) => ({
    id: `i${i}`,
    target,
    services: services[i] ?? [],
    openCalls: 0,
  }));
  const pool: Pool = { name: 'n1', ready, openCalls: 0, turn: 0 };
  const server = (i: number): Server => servers[i] ?? assert.fail();
  const counts = () => [pool.openCalls, ...ready.map((place) => place.openCalls)];
  return { pool, server, counts, balancer: new Balancer(pool) };
}

describe('the balancer', () => {
  it('picks the instance with the fewest open calls, in turns', () => {
    const { pool } = fleet([], [], []);
    const picked = Array.from({ length: 6 }, () => pick(pool, '/a.B/C')?.id);
    assert.deepEqual(picked, ['i0', 'i1', 'i2', 'i0', 'i1', 'i2']);
    for (const [i, place] of pool.ready.entries()) place.openCalls = i === 1 ? 1 : 2;
    assert.equal(pick(pool, '/a.B/C')?.id, 'i1');
  });

  it('respects what each instance serves', () => {
    const { pool } = fleet(['/a.'], ['/b.', '/c.'], []);
    const ids = (path: string) => new Set(Array.from({ length: 6 }, () => pick(pool, path)?.id));
    assert.deepEqual(ids('/a.B/C'), new Set(['i0', 'i2']));
    assert.deepEqual(ids('/c.B/C'), new Set(['i1', 'i2']));
    assert.deepEqual(ids('/x.B/C'), new Set(['i2']));
    assert.equal(pick(fleet(['/a.']).pool, '/x.B/C'), undefined);
  });

  it('counts calls until they end, whichever way', () => {
    const ends: [string, (call: Call, server: Server) => void][] = [
      ['trailers', (_, server) => server.sink?.trailers(['grpc-status', '0'])],
      ['reset', (_, server) => server.sink?.reset({ ...refusal, refused: false })],
      ['cancel', (call) => call.cancel(refusal)],
    ];
    for (const [name, end] of ends) {
      const { balancer, server, counts } = fleet([]);
      const call = balancer.open(head, new Client());
      assert.deepEqual(counts(), [1, 1], name);
      end(call, server(0));
      assert.deepEqual(counts(), [0, 0], name);
      call.cancel(refusal);
      assert.deepEqual(counts(), [0, 0], name);
    }
  });

  it('passes everything on', () => {
    const { balancer, server } = fleet([]);
    const client = new Client();
    const call = balancer.open(head, client);
    server(0).goOn = false;
    assert.equal(call.write(Buffer.from('one')), false);
    server(0).sink?.drain();
    call.end();
    server(0).sink?.head(['h', '1']);
    server(0).sink?.data(Buffer.from('answer'));
    call.consumed(6);
    server(0).sink?.trailers(['grpc-status', '0']);
    assert.deepEqual(client.events, ['drain', 'head h,1', 'data answer', 'trailers grpc-status,0']);
    assert.deepEqual([server(0).chunks, server(0).halfClosed, server(0).consumedBytes], [['one'], 1, 6]);
  });

  it('tries another instance when the first refused the call unseen, with all that was said', () => {
    const { balancer, server, counts } = fleet([], []);
    const client = new Client();
    const call = balancer.open(head, client);
    server(0).goOn = false;
    assert.equal(call.write(Buffer.from('one')), false);
    assert.equal(call.write(Buffer.from('two')), false);
    call.end();
    server(0).sink?.reset(refusal);
    assert.deepEqual(server(1).chunks, ['one', 'two']);
    assert.equal(server(1).halfClosed, 1);
    assert.deepEqual(client.events, ['drain'], 'the client learns only that it may go on');
    assert.deepEqual(counts(), [1, 0, 1]);
    server(1).sink?.trailers(['grpc-status', '0']);
    assert.deepEqual(client.events, ['drain', 'trailers grpc-status,0']);
    assert.deepEqual(counts(), [0, 0, 0]);
  });

  it('goes on with the second instance', () => {
    const { balancer, server } = fleet([], []);
    const client = new Client();
    const call = balancer.open(head, client);
    server(0).sink?.reset(refusal);
    assert.equal(call.write(Buffer.from('later')), true);
    call.end();
    call.cancel(refusal);
    assert.deepEqual([server(1).chunks, server(1).halfClosed, server(1).cancelled], [['later'], 1, 1]);
    assert.deepEqual([server(0).chunks, server(0).halfClosed, server(0).cancelled], [[], 0, 0]);
    assert.deepEqual(client.events, []);
  });

  it('does not count a refusal by an instance that has left meanwhile', () => {
    const { balancer, server, pool, counts } = fleet([], [], [], []);
    const client = new Client();
    const asked: Server[] = [];
    /** The one that was given the call last. */
    const next = (): Server => {
      const now = [0, 1, 2, 3].map(server).filter((one) => one.heads.length > 0 && !asked.includes(one));
      assert.equal(now.length, 1);
      asked.push(...now);
      return now[0] ?? assert.fail();
    };
    const call = balancer.open(head, client);
    call.write(Buffer.from('one'));
    for (let leaving = 0; leaving < 2; leaving++) {
      const at = next();
      Object.assign(pool, { ready: pool.ready.filter(({ target }) => target !== at) });
      at.sink?.reset(refusal);
    }
    call.write(Buffer.from('two'));
    call.end();
    const third = next();
    assert.deepEqual([third.chunks, third.halfClosed], [['one', 'two'], 1]);
    third.sink?.reset(refusal);
    const fourth = next();
    assert.deepEqual([fourth.chunks, fourth.halfClosed], [['one', 'two'], 1]);
    fourth.sink?.reset(refusal);
    assert.deepEqual(client.events, ['reset 14 nobody there']);
    assert.deepEqual(counts(), [0, 0, 0, 0, 0]);
  });

  it('does not try again', async (t) => {
    const rows: [string, (call: Call, server: Server) => void, CallReset?][] = [
      ['when the server saw the call', () => {}, { ...refusal, refused: false }],
      ['after a head', (_, server) => server.sink?.head([])],
      ['after data', (_, server) => server.sink?.data(Buffer.from('x'))],
      ['when more was said than is kept', (call) => call.write(Buffer.alloc(64 * 1024 + 1))],
    ];
    for (const [name, begin, reset] of rows) {
      await t.test(name, () => {
        const { balancer, server } = fleet([], []);
        const client = new Client();
        begin(balancer.open(head, client), server(0));
        server(0).sink?.reset(reset ?? refusal);
        assert.equal(server(1).heads.length, 0);
        assert.equal(client.events.at(-1), 'reset 14 nobody there');
      });
    }
    await t.test('a second time', () => {
      const { balancer, server } = fleet([], [], []);
      const client = new Client();
      balancer.open(head, client);
      server(0).sink?.reset(refusal);
      server(1).sink?.reset(refusal);
      assert.equal(server(2).heads.length, 0);
      assert.deepEqual(client.events, ['reset 14 nobody there']);
    });
    await t.test('where there is no other instance', () => {
      const { balancer, server } = fleet([]);
      const client = new Client();
      balancer.open(head, client);
      server(0).sink?.reset(refusal);
      assert.equal(server(0).heads.length, 1);
      assert.deepEqual(client.events, ['reset 14 nobody there']);
    });
  });

  it('keeps a second attempt within the deadline', async () => {
    const { balancer, server } = fleet([], []);
    balancer.open({ ...head, timeoutMs: 10_000 }, new Client());
    await new Promise((resolve) => setTimeout(resolve, 20));
    server(0).sink?.reset(refusal);
    const left = server(1).heads[0]?.timeoutMs ?? 0;
    assert.ok(left > 0 && left <= 9_990, String(left));

    const late = fleet([], []);
    const client = new Client();
    late.balancer.open({ ...head, timeoutMs: 5 }, client);
    await new Promise((resolve) => setTimeout(resolve, 20));
    late.server(0).sink?.reset(refusal);
    assert.equal(late.server(1).heads.length, 0);
    assert.match(client.events.join(), /^reset 4 /);
  });

  it('resets a call for which nobody is ready, after open has returned', async () => {
    const { balancer } = fleet();
    const client = new Client();
    const call = balancer.open(head, client);
    assert.deepEqual(client.events, []);
    assert.equal(call.write(Buffer.from('x')), true);
    await new Promise(setImmediate);
    assert.deepEqual(client.events, ["reset 14 no instance of node 'n1' is ready"]);
  });
});
