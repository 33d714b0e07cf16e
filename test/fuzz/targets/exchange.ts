import assert from 'node:assert/strict';
import { pino } from 'pino';
import type { Call, CallSink, CallTarget, RawMetadata } from '../../../src/rpc/call.js';
import { Exchange } from '../../../src/rpc/exchange.js';
import type { PeerAddress } from '../../../src/rpc/exchange-port.js';
import { FrameCursor, frameKind } from '../../../src/rpc/frame.js';
import type { Corpus, FuzzTarget } from '../target.js';

const healthyHub: PeerAddress = { name: 'hub', instance: 'h1' };
const healthyNode: PeerAddress = { name: 'cellar', instance: '1-a' };
const hostileHub: PeerAddress = { name: 'hub', instance: 'hostile' };
const hostileNode: PeerAddress = { name: 'hostile', instance: '1-b' };
const head = {
  path: '/a.B/C',
  authority: 'a',
  metadata: ['content-type', 'application/grpc'],
  timeoutMs: undefined,
};
/** Calls that wait for answers of the hostile node. */
const callsOpen = 4;

/** A caller that checks the order of what it hears. */
class Checked implements CallSink {
  call: Call | undefined;
  ends = 0;
  status: string | undefined;
  bytes = 0;
  #headed = false;
  readonly #wrong: string[];

  constructor(wrong: string[]) {
    this.#wrong = wrong;
  }

  head(): void {
    if (this.#headed || this.ends > 0) this.#wrong.push('a head came late or twice');
    this.#headed = true;
  }
  data(chunk: Uint8Array): void {
    if (!this.#headed || this.ends > 0) this.#wrong.push('data without a head or after the end');
    this.bytes += chunk.length;
    this.call?.consumed(chunk.length);
  }
  trailers(metadata: RawMetadata): void {
    this.#end(metadata[metadata.indexOf('grpc-status') + 1]);
  }
  reset(): void {
    this.#end('reset');
  }
  drain(): void {}

  #end(status: string | undefined): void {
    if (this.ends++ > 0) this.#wrong.push('a call ended twice');
    this.status = status;
  }
}

const echo: CallTarget = {
  open: (_head, sink) => {
    sink.head(['content-type', 'application/grpc']);
    return {
      write: (chunk) => {
        sink.data(Buffer.from(chunk));
        return true;
      },
      end: () => sink.trailers(['grpc-status', '0']),
      cancel: () => {},
      consumed: () => {},
    };
  },
};

/** A hub and an agent that hear hostile processes: nobody else's calls notice, and nothing is left. */
export function exchange({ messages }: Corpus): FuzzTarget {
  const wrong: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void wrong.push(line) });
  const members = new Map<string, Exchange>();
  const join = (self: PeerAddress): Exchange => {
    const port = {
      maxMessageBytes: 1 << 20,
      connected: true,
      send(to: PeerAddress, message: Uint8Array): void {
        const copy = Buffer.from(message);
        setImmediate(() => members.get(to.instance)?.receive(self, copy));
      },
    };
    const made = new Exchange({ self, port, log, limits: { sweepMs: 20 } });
    members.set(self.instance, made);
    return made;
  };
  const hub = join(healthyHub);
  const agent = join(healthyNode);
  agent.serve(echo);
  const cursor = new FrameCursor();
  let waiting: Checked[] = [];
  let ids: number[] = [];
  let nextId = 1;
  const open = (to: PeerAddress): Checked => {
    const sink = new Checked(wrong);
    sink.call = hub.target(to).open({ ...head, caller: 'fuzz' }, sink);
    nextId++;
    return sink;
  };

  /** Some answers are about calls that are open. */
  const aim = (input: Buffer): Buffer => {
    const message = Buffer.from(input);
    cursor.start(message);
    while (cursor.next()) {
      if (cursor.fromCaller || cursor.id === 0 || cursor.kind === frameKind.open) continue;
      const id = ids[(cursor.id + cursor.bodyEnd) % (2 * callsOpen)];
      if (id !== undefined) message.writeUInt32BE(id, cursor.bodyStart - 16);
    }
    return message;
  };

  const healthyCall = async (): Promise<void> => {
    const sink = open(healthyNode);
    sink.call?.write(Buffer.alloc(70_000));
    sink.call?.end();
    await until(() => sink.ends > 0, 'a healthy call ends');
    assert.deepEqual([sink.status, sink.bytes], ['0', 70_000], 'a healthy call went wrong');
  };

  return {
    seeds: messages,
    batch: 32,
    feed(input) {
      if (waiting.length === 0) {
        const first = nextId;
        waiting = Array.from({ length: callsOpen }, () => open(hostileNode));
        ids = waiting.map((_, index) => first + index);
      }
      agent.receive(hostileHub, Buffer.from(input));
      hub.receive(hostileNode, aim(input));
    },
    async settle() {
      await healthyCall();
      hub.forget(hostileNode, 'gone');
      agent.forget(hostileHub, 'gone');
      assert.deepEqual([...new Set(waiting.map(({ ends }) => ends))], [1], 'a call did not end once');
      waiting = [];
      ids = [];
      for (const each of [hub, agent]) {
        const { peers, callsMade, callsServed, deadlines, bytesBuffered } = each.stats();
        assert.deepEqual(
          [peers, callsMade, callsServed, deadlines, bytesBuffered],
          [1, 0, 0, 0, 0],
          'something is left',
        );
      }
      assert.deepEqual(wrong, []);
    },
    async close() {
      const { framesBad, messagesBad, framesUnknown } = agent.stats();
      hub.close();
      agent.close();
      for (const count of [framesBad, messagesBad, framesUnknown])
        assert.ok(count > 0, 'nothing bad was counted');
    },
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `not within 5 s: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
