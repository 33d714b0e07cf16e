import { type CallOptions, Code, ConnectError } from '@connectrpc/connect';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Batches } from './batches.js';
import { callError, type Hub, probe } from './hub.js';
import { paused } from './settings.js';

/** A browser opens six connections to a host over HTTP/1.1, and calls need some as well. */
const most = 2;
/** Nobody looks at a page that is hidden for so long, in milliseconds. */
const hiddenMs = 5_000;
/** A stream that is silent for so long is asked about, in milliseconds. */
const silentMs = 20_000;
/** Pauses before attempts, in milliseconds; the last one again and again. Each is up to a fifth shorter. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000] as const;

/** How a stream is. */
export type StreamState =
  /** It is being opened. */
  | { readonly is: 'opening' }
  /** What happens arrives. */
  | { readonly is: 'live' }
  /** It broke, and is opened again at that time, Unix time in milliseconds. */
  | { readonly is: 'waiting'; readonly untilMs: number; readonly why: string }
  /** Somebody wants it so, or the page is hidden. */
  | { readonly is: 'paused' }
  /** The hub has ended it, or refuses it: it is not tried again. */
  | { readonly is: 'stopped'; readonly why: string };

/** A server stream that a view holds as long as it is shown. */
export interface StreamOptions<M> {
  readonly hub: Hub;
  /** Opens it, behind `resume` where that is not empty. */
  readonly open: (resume: string, call: CallOptions) => AsyncIterable<M>;
  /** Takes what has arrived, at most once per frame; `anew`: it is from the beginning, and takes the place of all before. */
  readonly take: (messages: readonly M[], anew: boolean) => void;
  /** Place behind a message, to go on from; none: each time is from the beginning. */
  readonly place?: (message: M) => string;
  /** It may end by itself: then it was all there is. */
  readonly ends?: boolean;
}

/** The streams that are held, and how they are. */
const held = signal<readonly { readonly state: ReadonlySignal<StreamState> }[]>([]);

/** How the worst of the streams is; undefined: none is held. */
export const connection: ReadonlySignal<StreamState | undefined> = computed(() => {
  const order: readonly StreamState['is'][] = ['stopped', 'waiting', 'opening', 'paused', 'live'];
  const states = held.value.map(({ state }) => state.value);
  return states.sort((a, b) => order.indexOf(a.is) - order.indexOf(b.is))[0];
});

/**
 * Holds a stream while the component is there: opens it, opens it again where it breaks, behind what it has had, and
 * closes it while the reader has paused or cannot see the page. `key` other than before: another stream, by the options of
 * that time; until then options are those of the first time. At most two are open at a time, a third one waits.
 */
export function useStream<M>(key: unknown, options: StreamOptions<M>): ReadonlySignal<StreamState> {
  const stream = useMemo(() => new Stream(options), [key, options.hub]);
  useEffect(() => stream.hold(), [stream]);
  return stream.state;
}

/** A page may begin hidden, as a tab that is opened in the background: it holds no connection until somebody looks. */
const hidden = signal(document.hidden);
let hiding: ReturnType<typeof setTimeout> | undefined;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (!document.hidden) hidden.value = false;
  else {
    hiding = setTimeout(() => {
      hidden.value = true;
    }, hiddenMs);
  }
});

/** A server stream, see `useStream`. */
export class Stream<M> {
  readonly state = signal<StreamState>({ is: 'opening' });
  readonly #options: StreamOptions<M>;
  #resume = '';
  #failures = 0;

  constructor(options: StreamOptions<M>) {
    this.#options = options;
  }

  /** Holds it until what is returned is called. */
  hold(): () => void {
    held.value = [...held.value, this];
    const active = computed(() => {
      return !paused.value && !hidden.value && held.value.indexOf(this) < most;
    });
    let stop = () => {};
    const free = effect(() => {
      if (this.state.peek().is === 'stopped') return;
      if (!active.value) {
        this.state.value = { is: 'paused' };
        return;
      }
      const ending = new AbortController();
      stop = () => ending.abort();
      queueMicrotask(() => void this.#run(ending.signal));
      return stop;
    });
    return () => {
      stop();
      free();
      held.value = held.value.filter((one) => one !== this);
    };
  }

  async #run(ended: AbortSignal): Promise<void> {
    this.#failures = 0;
    while (!ended.aborted) {
      this.state.value = { is: 'opening' };
      const why = await this.#once(ended).catch((thrown: unknown) => thrown);
      if (ended.aborted) return;
      const stopped = this.#stopped(why);
      if (stopped !== undefined) {
        this.state.value = { is: 'stopped', why: stopped };
        return;
      }
      const pause = pausesMs[Math.min(this.#failures, pausesMs.length - 1)] ?? 0;
      const waitMs = pause * (1 - Math.random() / 5);
      this.#failures += 1;
      this.state.value = { is: 'waiting', untilMs: Date.now() + waitMs, why: callError(why) };
      await passed(waitMs, ended);
    }
  }

  /** Why it is not tried again; undefined: it is. */
  #stopped(why: unknown): string | undefined {
    if (why === undefined) return this.#options.ends === true ? 'it has ended' : undefined;
    const { code } = ConnectError.from(why);
    return final.has(code) ? callError(why) : undefined;
  }

  /** Opens it once, and takes what comes. Rejects with what broke it; resolves where the hub has ended it. */
  async #once(ended: AbortSignal): Promise<void> {
    const { open, take, place, hub } = this.#options;
    const broken = new AbortController();
    const end = () => broken.abort(ended.reason);
    ended.addEventListener('abort', end, { once: true });
    let anew = this.#resume === '';
    const batches = new Batches<M>((messages) => {
      if (broken.signal.aborted) return;
      take(messages, anew);
      anew = false;
      const last = messages.at(-1);
      if (place !== undefined && last !== undefined) this.#resume = place(last);
    });
    const live = () => {
      this.#failures = 0;
      if (!ended.aborted && this.state.peek().is !== 'live') this.state.value = { is: 'live' };
    };
    const watch = new SilenceWatch(hub, (why) => broken.abort(why));
    try {
      const call = { signal: broken.signal, onHeader: live };
      for await (const message of open(this.#resume, call)) {
        watch.heard();
        live();
        await batches.add(message);
      }
      batches.flush();
    } catch (thrown) {
      throw broken.signal.aborted && broken.signal.reason !== undefined ? broken.signal.reason : thrown;
    } finally {
      watch.stop();
      batches.stop();
      ended.removeEventListener('abort', end);
    }
  }
}

/** After these there is no sense in asking again. */
const final: ReadonlySet<Code> = new Set([
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.InvalidArgument,
  Code.NotFound,
  Code.Unimplemented,
  Code.FailedPrecondition,
]);

/** Finds out whether the hub of a silent stream is still there: a connection may be gone without a word. */
class SilenceWatch {
  #heardAt = Date.now();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(hub: Hub, broken: (why: unknown) => void) {
    this.#timer = setInterval(() => {
      if (Date.now() - this.#heardAt < silentMs) return;
      this.#heardAt = Date.now();
      probe(hub, silentMs / 2).catch(broken);
    }, silentMs / 4);
  }

  heard(): void {
    this.#heardAt = Date.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Resolves after that time, or when it is over. */
function passed(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    over.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      over.removeEventListener('abort', done);
      resolve();
    }
  });
}
