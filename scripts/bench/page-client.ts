import { WatchCallsRequest, WatchRequest } from '../../src/gen/postern/v1/inspector.js';
import { WatchNodesRequest } from '../../src/gen/postern/v1/nodes.js';

/** Something that looks on at all that the inspector shows. */
export interface PageClient {
  /** Messages that came so far, by method. Throws when a stream has ended. */
  messages(): Readonly<Record<string, number>>;
  close(): void;
}

/** A stream that says nothing at first for so long does not work, in milliseconds. */
const firstMessageMs = 10_000;

/**
 * Opens what the pages of the inspector hold open, by gRPC-web over HTTP/1.1 as they do: all actors with their last
 * transitions, all calls, all nodes. Resolves when each has sent something; rejects where one does not.
 */
export async function watchAsPage(address: string, token: string): Promise<PageClient> {
  const leave = new AbortController();
  const requests: Readonly<Record<string, Uint8Array>> = {
    'postern.v1.Inspector/Watch': WatchRequest.encode(WatchRequest.fromPartial({ history: 16 })).finish(),
    'postern.v1.Inspector/WatchCalls': WatchCallsRequest.encode(WatchCallsRequest.fromPartial({})).finish(),
    'postern.v1.NodesService/WatchNodes': WatchNodesRequest.encode(
      WatchNodesRequest.fromPartial({}),
    ).finish(),
  };
  const counts: Record<string, number> = {};
  let failed: string | undefined;
  const opened = Object.entries(requests).map(async ([method, request]) => {
    const response = await fetch(`http://${address}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', authorization: `Bearer ${token}` },
      body: Buffer.concat([header(request.length), request]),
      signal: leave.signal,
    });
    const status = response.headers.get('grpc-status');
    if (response.body === null || (status !== null && status !== '0')) {
      throw new Error(`${method}: ${status} ${response.headers.get('grpc-message') ?? ''}`);
    }
    const reader = response.body.getReader();
    await reader.read();
    counts[method] = 1;
    void follow(reader, () => {
      counts[method] = (counts[method] ?? 0) + 1;
    }).then((why) => {
      if (!leave.signal.aborted) failed = `${method}: ${why}`;
    });
  });
  const timer = setTimeout(() => leave.abort(new Error('a stream says nothing')), firstMessageMs);
  try {
    await Promise.all(opened);
  } catch (thrown) {
    leave.abort();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
  return {
    messages() {
      if (failed !== undefined) throw new Error(failed);
      return counts;
    },
    close: () => leave.abort(),
  };
}

/** Reads to the end; resolves to why it came. */
async function follow(reader: ReadableStreamDefaultReader<Uint8Array>, heard: () => void): Promise<string> {
  try {
    for (;;) {
      const { done } = await reader.read();
      if (done) return 'it has ended';
      heard();
    }
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : 'it broke';
  }
}

/** What stands before a message of gRPC-web. */
function header(length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}
