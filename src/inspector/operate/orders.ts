import { randomBytes } from 'node:crypto';
import type { Bus, Stop } from '../../bus/bus.js';
import type { OperateAnswer, OperateOrder } from '../../bus/operate-messages.js';
import { subjects } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';

/** Whoever runs the actor has so long to answer, milliseconds. */
const answerWithinMs = 5_000;
/** So many may be under way at once. */
const mostPending = 256;

/** What is sent, without what is added on the way. */
export type Order = Omit<OperateOrder, 'v' | 'order'>;

/** Tells those who run actors elsewhere what operators want of them, and waits for what they say. */
export class Orders {
  readonly #bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>;
  readonly #answerWithinMs: number;
  readonly #pending = new Map<string, (answer: OperateAnswer) => void>();
  #stops: Stop[] = [];

  constructor(bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>, withinMs = answerWithinMs) {
    this.#bus = bus;
    this.#answerWithinMs = withinMs;
  }

  /** To the process of a node; undefined where nobody answered in time. Throws `TOO_MANY`, `STORE_UNAVAILABLE`. */
  toNode(node: string, boot: string, order: Order): Promise<OperateAnswer | undefined> {
    return this.#send(order, (body) => this.#bus.publish(subjects.operate, { node, boot }, body));
  }

  /** To the controllers. See there. */
  toControllers(run: string, order: Order): Promise<OperateAnswer | undefined> {
    return this.#send(order, (body) => this.#bus.publish(subjects.operateRun, { run }, body));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #send(asked: Order, publish: (order: OperateOrder) => void): Promise<OperateAnswer | undefined> {
    if (this.#pending.size >= mostPending) {
      throw new PosternError('TOO_MANY', `${mostPending} things are being done at this hub: try again later`);
    }
    if (!this.#bus.connected) throw new PosternError('STORE_UNAVAILABLE', 'the hub is cut off from the bus');
    if (this.#stops.length === 0) this.#listen();
    const order = randomBytes(12).toString('base64url');
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<OperateAnswer | undefined>((resolve) => {
      this.#pending.set(order, resolve);
      timer = setTimeout(() => resolve(undefined), this.#answerWithinMs);
    });
    try {
      publish({ v: 1, order, ...asked });
      return await answered;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(order);
    }
  }

  #listen(): void {
    const heard = ({ body }: { readonly body: OperateAnswer }) => this.#pending.get(body.order)?.(body);
    this.#stops = [
      this.#bus.subscribe(subjects.operated, {}, heard),
      this.#bus.subscribe(subjects.operatedRun, {}, heard),
    ];
  }
}
