import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { takeToken } from '../../../src/auth/bearer.js';
import { BodyReader, MalformedBody } from '../../../src/rpc/body-reader.js';
import { BodyWriter } from '../../../src/rpc/body-writer.js';
import type { RawMetadata } from '../../../src/rpc/call.js';
import { forwardableMetadata } from '../../../src/rpc/metadata.js';
import { decodeGrpcMessage, encodeGrpcMessage } from '../../../src/rpc/status.js';
import { formatGrpcTimeout, parseGrpcTimeout } from '../../../src/rpc/timeout.js';
import { addMetadata, MetadataError } from '../../../src/wire/headers.js';
import { readRequest } from '../../../src/wire/request.js';
import { headerSeparator } from '../record-calls.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** Strings of `grpc-timeout`: one that is taken grows no longer, and hardly shorter, when it is written again. */
export function timeouts(corpus: Corpus): FuzzTarget {
  return {
    seeds: corpus.timeouts,
    feed(input) {
      const first = parseGrpcTimeout(input.toString('latin1'));
      if (first === undefined) return;
      const written = formatGrpcTimeout(first);
      assert.match(written, /^[1-9][0-9]{0,7}[HMSmun]$/);
      const second = parseGrpcTimeout(written) ?? assert.fail('it is not taken again');
      assert.ok(second <= Math.max(first, 1e-3), `${first} ms has become ${second} ms`);
      assert.ok(second >= first * 0.99 - 1e-3, `${first} ms has shrunk to ${second} ms`);
    },
  };
}

/** Percent-encoded texts of `grpc-message`. */
export function grpcMessages(corpus: Corpus): FuzzTarget {
  return {
    seeds: corpus.grpcMessages,
    feed(input) {
      const text = decodeGrpcMessage(input.toString('latin1'));
      const written = encodeGrpcMessage(text);
      assert.match(written, /^[\x20-\x7e]*$/);
      assert.equal(decodeGrpcMessage(written), text);
    },
  };
}

/**
 * Header lists: what a frame carries fits into a header block, and what is sent over a real HTTP/2 connection comes
 * out as it went in.
 */
export async function headers(corpus: Corpus): Promise<FuzzTarget> {
  const peer = await Http2Pair.start();
  const writer = new BodyWriter();
  const reader = new BodyReader();
  let sent: Promise<void>[] = [];
  const carried = (metadata: RawMetadata): RawMetadata | undefined => {
    const body = Buffer.from(writer.metadata(metadata));
    try {
      return reader.metadata(body, 0, body.length);
    } catch (thrown) {
      if (thrown instanceof MalformedBody) return undefined;
      throw thrown;
    }
  };
  return {
    seeds: corpus.headers,
    batch: 64,
    feed(input) {
      const raw = input.toString('latin1').split(headerSeparator);
      const metadata = forwardableMetadata(raw);
      const { rest } = takeToken(metadata);
      assert.ok(rest.length <= metadata.length);
      readRequest({ ':method': 'POST', ':path': raw[0] ?? '', 'content-type': 'application/grpc' }, raw);
      const onBus = carried(metadata);
      if (onBus !== undefined) assert.deepEqual(onBus, metadata);
      const block: OutgoingHttpHeaders = Object.create(null);
      try {
        addMetadata(block, metadata);
      } catch (thrown) {
        assert.ok(thrown instanceof MetadataError, String(thrown));
        assert.equal(onBus, undefined, 'a frame carries what a header block cannot');
        return;
      }
      assert.notEqual(onBus, undefined, 'a header block carries what a frame cannot');
      sent.push(peer.roundTrip(block));
    },
    async settle() {
      const waiting = sent;
      sent = [];
      await Promise.all(waiting);
    },
    close: () => peer.stop(),
  };
}

/** A client and a server, for header blocks. */
class Http2Pair {
  readonly #session: ClientHttp2Session;
  readonly #stopServer: () => void;
  readonly #seen = new Map<string, RawMetadata>();
  #count = 0;

  private constructor(session: ClientHttp2Session, stopServer: () => void, seen: Map<string, RawMetadata>) {
    this.#session = session;
    this.#stopServer = stopServer;
    this.#seen = seen;
  }

  static async start(): Promise<Http2Pair> {
    const seen = new Map<string, RawMetadata>();
    const server = createServer({ maxHeaderListPairs: 4000 });
    server.on(
      'stream',
      (stream: ServerHttp2Stream, received: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
        seen.set(received[':path'] ?? '', forwardableMetadata(raw));
        stream.on('error', () => {});
        stream.respond({ ':status': 200 }, { endStream: true });
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const session = connect(
      `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    );
    await once(session, 'connect');
    return new Http2Pair(session, () => server.close(), seen);
  }

  /** Sends a header block; rejects when it does not arrive as it is. */
  async roundTrip(block: OutgoingHttpHeaders): Promise<void> {
    const path = `/${this.#count++}`;
    const stream = this.#session.request({ ...block, ':path': path, ':method': 'POST' }, { endStream: true });
    stream.on('error', () => {});
    await once(stream.resume(), 'close');
    const arrived = this.#seen.get(path);
    this.#seen.delete(path);
    const said = JSON.stringify(block).slice(0, 2048);
    assert.ok(arrived !== undefined, `headers were not taken: ${said}`);
    assert.deepEqual(byName(arrived), blockByName(block), `headers arrived otherwise: ${said}`);
  }

  async stop(): Promise<void> {
    this.#session.close();
    this.#stopServer();
  }
}

function byName(metadata: RawMetadata): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    found.set(name, [...(found.get(name) ?? []), metadata[i + 1] ?? '']);
  }
  return found;
}

function blockByName(block: OutgoingHttpHeaders): Map<string, string[]> {
  return new Map(Object.entries(block).map(([name, value]) => [name, [value ?? ''].flat().map(String)]));
}
