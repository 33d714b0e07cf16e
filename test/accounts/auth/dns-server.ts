import { createSocket } from 'node:dgram';

/** A DNS server of a few names, on loopback. */
export interface DnsServer {
  /** `ADDRESS:PORT`, as resolvers take it. */
  readonly address: string;
  /** TXT records by name; others are not there. */
  readonly txt: Map<string, string>;
  /** Says that it cannot tell, as servers do that reach no others. */
  failing: boolean;
  readonly asked: () => number;
  stop(): Promise<void>;
}

const txtType = 16;

/** Starts one (RFC 1035, as much as resolvers need for TXT). */
export async function startDns(): Promise<DnsServer> {
  const txt = new Map<string, string>();
  const socket = createSocket('udp4');
  const state = { failing: false, asked: 0 };
  socket.on('message', (query, from) => {
    state.asked += 1;
    socket.send(answer(query, txt, state.failing), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    txt,
    get failing() {
      return state.failing;
    },
    set failing(failing) {
      state.failing = failing;
    },
    asked: () => state.asked,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answer(query: Buffer, txt: ReadonlyMap<string, string>, failing: boolean): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(12, at + 5);
  const text = !failing && type === txtType ? txt.get(labels.join('.').toLowerCase()) : undefined;
  const head = Buffer.from(query.subarray(0, 12));
  // An answer, recursion as it was asked for; no such name where there is nothing.
  head.writeUInt16BE(failing ? 0x8182 : text === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(text === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, question, ...(text === undefined ? [] : [record(text)])]);
}

function record(text: string): Buffer {
  const parts = text.match(/.{1,255}/gs) ?? [];
  const data = Buffer.concat(
    parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part, 'latin1')]),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(txtType, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(0, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
