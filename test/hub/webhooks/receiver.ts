import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { z } from 'zod';

/** The body of a delivery. */
export const told = z.object({
  type: z.string(),
  id: z.string(),
  timestamp: z.iso.datetime(),
  node: z.string(),
  instance: z.string().optional(),
  state: z.string(),
  cause: z.string(),
  instances: z.number(),
  labels: z.record(z.string(), z.string()),
  hub: z.string(),
});
export type Told = z.infer<typeof told>;

/** One request as it came. */
export interface Delivery {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly atMs: number;
}

/** Answers a delivery; undefined: never. */
export type Answer = number | { status: number; headers: Record<string, string> } | undefined;

/** A server that webhooks tell. */
export class WebhookReceiver {
  readonly deliveries: Delivery[] = [];
  /** Decides on each answer. */
  answer: (delivery: Delivery) => Answer = () => 204;
  readonly #server: Server;
  readonly #secure: boolean;

  private constructor(tls?: { cert: string; key: string }) {
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#take(request, response);
    };
    this.#secure = tls !== undefined;
    this.#server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  }

  static async start(tls?: { cert: string; key: string }): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(tls);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return address.port;
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://localhost:${this.port}/hook?key=in-the-url`;
  }

  /** What it was told, each event once, in the order of the first time. */
  events(): Told[] {
    const seen = new Map<string, Told>();
    for (const { text } of this.deliveries) {
      const event = told.parse(JSON.parse(text));
      if (!seen.has(event.id)) seen.set(event.id, event);
    }
    return [...seen.values()];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    request.setEncoding('utf8').on('error', () => {});
    for await (const part of request) text += String(part);
    const delivery = { path: request.url ?? '', headers: request.headers, text, atMs: Date.now() };
    this.deliveries.push(delivery);
    const answer = this.answer(delivery);
    if (answer === undefined) return;
    const { status, headers } = typeof answer === 'number' ? { status: answer, headers: {} } : answer;
    response.writeHead(status, headers).end();
  }
}

/** Verifies as receivers do (Standard Webhooks 1.0.0, "Verifying signatures"). */
export function isGenuine({ headers, text }: Delivery, secret: string): boolean {
  const [id, seconds, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  if (Math.abs(Number(seconds) - Date.now() / 1000) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = createHmac('sha256', key).update(`${id}.${seconds}.${text}`).digest();
  return (signatures ?? '').split(' ').some((one) => {
    const [version, signature = ''] = one.split(',');
    const given = Buffer.from(signature, 'base64');
    return version === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}
