import type { Bus, Stop } from '../../bus/bus.js';
import type { OperateAnswer, OperateOrder } from '../../bus/operate-messages.js';
import { subjects } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import { Pending } from '../pending.js';

/** Whoever runs the actor has so long to answer, milliseconds. */
const answerWithinMs = 5_000;
/** So many may be under way at once. */
const mostPending = 256;

/** What is sent, without what is added on the way. */
export type Order = Omit<OperateOrder, 'v' | 'order'>;

/** Tells those who run actors elsewhere what operators want of them, and waits for what they say. */
export class Orders {
  readonly #bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>;
  readonly #pending: Pending<OperateAnswer>;
  #stops: Stop[] = [];

  constructor(bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>, withinMs = answerWithinMs) {
    this.#bus = bus;
    this.#pending = new Pending(withinMs, mostPending);
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
    if (!this.#bus.connected) throw new PosternError('STORE_UNAVAILABLE', 'the hub is cut off from the bus');
    if (this.#stops.length === 0) this.#listen();
    return this.#pending.ask((order) => publish({ v: 1, order, ...asked }));
  }

  #listen(): void {
    const heard = ({ body }: { readonly body: OperateAnswer }) => this.#pending.answer(body.order, body);
    this.#stops = [
      this.#bus.subscribe(subjects.operated, {}, heard),
      this.#bus.subscribe(subjects.operatedRun, {}, heard),
    ];
  }
}
