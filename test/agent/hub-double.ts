import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../../src/bus/bus.js';
import type { Bye, Hello, HelloAnswer } from '../../src/bus/messages.js';
import { verify } from '../../src/bus/nkeys.js';
import { subjects } from '../../src/bus/subjects.js';
import { Exchange } from '../../src/rpc/exchange.js';
import type { ExchangePort, PeerAddress } from '../../src/rpc/exchange-port.js';
import { listenFront } from '../../src/wire/listener.js';
import { refuseRequest } from '../../src/wire/refuse.js';
import { readRequest } from '../../src/wire/request.js';
import { serveCall } from '../../src/wire/serve-call.js';
import { type TestNats, testLog } from '../support/nats.js';

/** A hello as it came in. */
export interface Heard {
  readonly node: string;
  readonly key: string;
  readonly hello: Hello;
}

/** The side of a hub that an agent meets: enrolment over real HTTP, hello, bye, pings and calls over a real bus. */
export interface HubDouble {
  readonly url: string;
  /** `HOST:PORT` where gRPC clients call. */
  readonly address: string;
  /** Where calls go: the instance that said hello last. */
  instance: PeerAddress;
  readonly bus: Bus;
  readonly exchange: Exchange;
  /** Tokens that bind a key, by what a refusal says of them; `''` is a good one. */
  readonly tokens: Map<string, string>;
  readonly boundKeys: Set<string>;
  /** How many credentials were given out. */
  enrolled: number;
  ttlSeconds: number;
  readonly heard: Heard[];
  readonly byes: Bye[];
  /** What a hello is answered; undefined: a place, the same again to who names its instance. */
  answer: ((heard: Heard) => HelloAnswer | undefined) | undefined;
  pingIntervalMs: number;
  /** Whether instances are told that they are given calls. */
  givesCalls: boolean;
  stop(): Promise<void>;
}

/** Starts it beside a real NATS server. */
export async function startHubDouble(nats: TestNats): Promise<HubDouble> {
  const bus = await nats.hub();
  const self = { name: 'hub', instance: `h${process.pid}-${Math.floor(performance.now())}` };
  const joined: { port: ExchangePort; stop: () => void } = bus.joinCalls(self, {
    receive: (from, message) => exchange.receive(from, message),
    noResponders: (to, ticket) => exchange.noResponders(to, ticket),
  });
  const exchange: Exchange = new Exchange({ self, port: () => joined.port, log: testLog });
  let epoch = 0;
  let closed = false;
  /** Tells an instance that calls go to it, as soon as it listens. */
  const tellCalls = async (to: PeerAddress): Promise<void> => {
    for (let tries = 0; tries < 100 && !closed; tries++) {
      const answered = await exchange.ping(to, 1_000, double.givesCalls).catch(() => undefined);
      if (answered !== undefined) return;
      await sleep(10);
    }
  };
  const double: HubDouble = {
    url: '',
    address: '',
    instance: { name: 'nobody', instance: 'none' },
    bus,
    exchange,
    tokens: new Map(),
    boundKeys: new Set(),
    enrolled: 0,
    ttlSeconds: 3600,
    heard: [],
    byes: [],
    answer: undefined,
    pingIntervalMs: 2000,
    givesCalls: true,
    async stop() {
      closed = true;
      exchange.close();
      await front.close();
      await bus.close();
    },
  };
  bus.respond(
    subjects.hello,
    {},
    ({ params, body }) => {
      const heard = { node: params.node, key: params.key, hello: body };
      double.heard.push(heard);
      const answer = double.answer?.(heard);
      if (answer !== undefined) return answer;
      if (body.instance === undefined) epoch += 1;
      const instance = body.instance ?? `${epoch}-double`;
      double.instance = { name: params.node, instance };
      void tellCalls(double.instance);
      return { ok: true, instance, epoch, hub: self.instance, pingIntervalMs: double.pingIntervalMs };
    },
    { queue: 'hubs' },
  );
  bus.subscribe(subjects.bye, {}, ({ body }) => double.byes.push(body));

  const enrol = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const body: Record<string, string> = JSON.parse(await text(request));
    const { node = '', key = '', nonce = '', signature = '', token } = body;
    if (request.url === '/v1/enrol/challenge') {
      return [200, { nonce: `n-${key}`, expiresAtMs: Date.now() + 60_000 }];
    }
    const statement = new TextEncoder().encode(`postern-enrol:v1:${node}:${nonce}`);
    if (nonce !== `n-${key}` || !verify(key, statement, Buffer.from(signature, 'base64url'))) {
      return [400, { code: 'INVALID', message: 'the signature was not made with this key' }];
    }
    if (!double.boundKeys.has(key)) {
      const code = token === undefined ? 'KEY_UNKNOWN' : (double.tokens.get(token) ?? 'TOKEN_INVALID');
      if (code !== '') return [403, { code, message: `refused: ${code}` }];
      double.boundKeys.add(key);
    }
    double.enrolled += 1;
    const identity = { role: 'agent', node, publicKey: key } as const;
    const jwt = await nats.authority.mint({ identity, name: node, ttlSeconds: double.ttlSeconds });
    return [200, { node, jwt, nats: [nats.server.url], expiresAtMs: Date.now() + double.ttlSeconds * 1000 }];
  };
  const front = await listenFront({
    addresses: ['127.0.0.1:0'],
    log: testLog,
    onHttp1: (request, response) => {
      void enrol(request).then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    },
    onStream: (stream, headers, rawHeaders) => {
      const request = readRequest(headers, rawHeaders);
      if (!request.ok) refuseRequest(stream, request);
      else serveCall(stream, { ...request.head, caller: 'test' }, exchange.target(double.instance));
    },
  });
  const [address = ''] = front.addresses;
  return Object.assign(double, { url: `http://${address}`, address });
}
