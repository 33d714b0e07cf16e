import type { Bus, Stop } from '../../bus/bus.js';
import type { LogAnswer, LogPart } from '../../bus/log-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { UploadDesk } from './desk.js';

/** Steps that are taken at once, of all nodes and of one; who asks for more is told to come again. */
const [mostAtOnce, mostAtOnceOfNode] = [32, 4];

const codes: Readonly<Record<string, Extract<LogAnswer, { ok: false }>['code']>> = {
  STORE_FULL: 'full',
  UPLOAD_REFUSED: 'refused',
  UPLOAD_CHANGED: 'changed',
  BODY_TOO_LARGE: 'large',
};

/** Answers agents that bring log files, together with all other hubs. */
export class UploadTaker {
  readonly #desk: UploadDesk;
  readonly #log: Logger;
  readonly #stop: Stop;
  #open = 0;
  readonly #openOf = new Map<string, number>();

  constructor(options: { bus: Pick<Bus, 'respond'>; desk: UploadDesk; log: Logger }) {
    this.#desk = options.desk;
    this.#log = options.log;
    const take = (node: string, part: LogPart) => this.#take(node, part);
    this.#stop = options.bus.respond(subjects.logPart, {}, ({ params, body }) => take(params.node, body), {
      queue: 'hubs',
    });
  }

  stop(): void {
    this.#stop();
  }

  async #take(node: string, part: LogPart): Promise<LogAnswer> {
    const ofNode = this.#openOf.get(node) ?? 0;
    if (this.#open >= mostAtOnce || ofNode >= mostAtOnceOfNode)
      return { ok: false, code: 'retry', message: 'too many bring files at once' };
    this.#open++;
    this.#openOf.set(node, ofNode + 1);
    try {
      return await this.#desk.take(node, part);
    } catch (thrown) {
      const code = (thrown instanceof PosternError ? codes[thrown.code] : undefined) ?? 'retry';
      const err = errorText(thrown);
      if (code === 'retry' || code === 'full') this.#log.warn({ node, err }, 'a file was not taken');
      return { ok: false, code, message: err.slice(0, 512) };
    } finally {
      this.#open--;
      const left = (this.#openOf.get(node) ?? 1) - 1;
      if (left > 0) this.#openOf.set(node, left);
      else this.#openOf.delete(node);
    }
  }
}
