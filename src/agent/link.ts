import {
  backoffMs,
  type LinkContext,
  type LinkEvent,
  type LinkSnapshot,
  linkMachine,
} from '../../machines/link.js';
import { workingClock } from '../actors/clock.js';
import { safeEffects } from '../actors/effects.js';
import { type RunningActor, startActor } from '../actors/host.js';
import type { Bus, Stop } from '../bus/bus.js';
import type { Transport } from '../bus/messages.js';
import { errorText, hintOf, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Serving } from '../rpc/serving.js';
import { BusSlot } from './bus-slot.js';
import { type HelloAsk, sayBye, sayHello } from './hello.js';
import { HubWatch } from './hub-watch.js';
import { shownFacts } from './link-facts.js';
import type { Transitions } from './transitions.js';

/** What the link needs of the rest of the agent. */
export interface LinkOptions {
  /** Who asks for a place; the instance id is the link's own. */
  readonly ask: HelloAsk;
  /** The ways out, by name; tried in order. */
  readonly ways: readonly string[];
  /** Gets credentials where they are needed and connects on the way of that index. */
  readonly connect: (way: number, signal: AbortSignal) => Promise<Bus>;
  /** What an instance on the way of that index is listed with. */
  readonly transport: (way: number) => Transport;
  /** The bus has closed the connection: it does not take the credentials any more. */
  readonly refused: () => void;
  readonly serving: Serving;
  /** Where its transitions go; it is told which connection to use. */
  readonly transitions: Transitions;
  /** Hears more on each connection to the bus. */
  readonly listen: (bus: Bus) => Stop;
  /** The longest that one dial may take, milliseconds. */
  readonly dialLimitMs: number;
  /** How long open calls may take to finish, milliseconds. */
  readonly drainMs: number;
  /** The link has ended, and the connection is closed when this is done: what tells its own end over it does so now. */
  readonly endOthers: () => Promise<unknown>;
  /** The connection is closed, after the link has ended. */
  readonly hungUp: () => void;
  readonly log: Logger;
}

/** A drain that has not answered so long after its time is given up, milliseconds. */
const drainSlackMs = 5_000;
/** How often a hub pings that did not say, milliseconds. */
const defaultPingIntervalMs = 2_000;

/** What the machine leaves to its runner. */
type LinkEffect =
  | 'dial'
  | 'abandonDial'
  | 'sayHello'
  | 'abandonHello'
  | 'serveCalls'
  | 'watchHub'
  | 'unwatchHub'
  | 'sayDraining'
  | 'finishCalls'
  | 'sayStopped'
  | 'hangUp';

type Facts = { readonly context: LinkContext };

/** Runs the `link` machine of an agent: carries out what it decides, and tells it what happened. */
export class AgentLink {
  readonly #options: LinkOptions;
  readonly #actor: RunningActor<typeof linkMachine>;
  readonly #hubWatch = new HubWatch(() => this.send({ type: 'HUB_SILENT' }));
  readonly #slot: BusSlot;
  /** Index of the way that the present connection was made on. */
  #connectedBy = 0;
  #dial = new AbortController();
  #hello = new AbortController();

  constructor(options: LinkOptions) {
    this.#options = options;
    const { node, boot } = options.ask;
    this.#slot = new BusSlot(node, {
      disconnected: (reason) => {
        options.serving.disconnected();
        this.send({ type: 'DISCONNECTED', reason });
      },
      reconnected: () => {
        options.serving.reconnected();
        options.transitions.use(this.#slot.bus);
        this.send({ type: 'RECONNECTED' });
      },
      closed: (reason) => {
        options.transitions.use(undefined);
        options.refused();
        options.serving.disconnected();
        this.send({ type: 'BUS_CLOSED', reason });
      },
      connected: (bus) => options.listen(bus),
      noticed: (notice) => {
        if (notice.instance !== this.#instance) return;
        const { message } = notice;
        if (notice.kind === 'superseded') this.send({ type: 'NOTICED_SUPERSEDED', message }, this.#node);
        else if (notice.kind === 'revoked') this.send({ type: 'NOTICED_REVOKED', message }, this.#node);
        else {
          // Its calls are over, whether it is given another place or none.
          if (notice.kicked === true) options.serving.leave();
          this.send({ type: 'NOTICED_HELLO' }, this.#node);
        }
      },
    });
    this.#actor = startActor({
      machine: this.#machine(),
      machineName: 'link',
      id: `${node}.${boot}`,
      input: { ways: options.ways },
      clock: workingClock,
      publish: (transition) => options.transitions.publish('link', { node, boot }, transition),
      context: ({ context }) => shownFacts(context),
      failed: () => this.#hangUp(),
      log: options.log,
    });
    this.#actor.onTransition(({ event, from, to, context }) => {
      options.log.info({ event, from, to, ...context }, 'link');
    });
  }

  /** Tells the machine what happened, and whose doing it was. */
  send(event: LinkEvent, by?: string): void {
    this.#actor.send(event, by);
  }

  /** When its actor began, Unix time in milliseconds. */
  get bornMs(): number {
    return this.#actor.bornMs;
  }

  snapshot(): LinkSnapshot {
    return this.#actor.snapshot();
  }

  /** The connection to the bus, where there is one. */
  get bus(): Bus | undefined {
    return this.#slot.bus;
  }

  /** Hears each transition's snapshot. */
  onTransition(listener: (snapshot: LinkSnapshot) => void): () => void {
    return this.#actor.onTransition((_, snapshot) => listener(snapshot));
  }

  /** A hub pinged this instance. */
  hubPinged(): void {
    this.#hubWatch.heard();
    if (this.snapshot().matches('waiting')) this.send({ type: 'HUB_HEARD' });
  }

  /** The actor that gives and takes its place. */
  get #node(): string {
    return `node/${this.#options.ask.node}`;
  }

  get #instance(): string | undefined {
    return this.snapshot().context.instance;
  }

  #machine(): typeof linkMachine {
    const { drainMs, dialLimitMs, log } = this.#options;
    return linkMachine.provide({
      actions: safeEffects<LinkEffect, Facts>(log, {
        dial: ({ context }) => void this.#dialNow(context.way),
        abandonDial: () => this.#dial.abort(),
        sayHello: ({ context }) => void this.#helloNow(context.instance),
        abandonHello: () => this.#hello.abort(),
        serveCalls: ({ context }) => this.#serveCalls(context.instance),
        watchHub: ({ context }) => this.#hubWatch.start(context.pingIntervalMs ?? defaultPingIntervalMs),
        unwatchHub: () => this.#hubWatch.stop(),
        sayDraining: ({ context }) => this.#sayBye(context.instance, 'draining'),
        finishCalls: () => void this.#finishCalls(),
        sayStopped: ({ context }) => this.#sayBye(context.instance, 'stopped'),
        hangUp: () => this.#hangUp(),
      }),
      delays: {
        // up to a quarter more or less, so that many agents do not come back in one instant
        backoff: ({ context }) => backoffMs(context.attempt) * (0.75 + Math.random() / 2),
        dialLimit: dialLimitMs,
        drainLimit: drainMs + drainSlackMs,
      },
    });
  }

  async #dialNow(way: number): Promise<void> {
    this.#dial = new AbortController();
    const { signal } = this.#dial;
    if (this.#slot.bus?.connected !== true) {
      try {
        const bus = await this.#options.connect(way, signal);
        if (signal.aborted) return await bus.close();
        this.#slot.put(bus);
        this.#connectedBy = way;
        this.#options.transitions.use(bus);
      } catch (thrown) {
        if (signal.aborted) return;
        const code = thrown instanceof PosternError ? thrown.code : 'DIAL_FAILED';
        this.#options.log.warn({ code, hint: hintOf(thrown) }, errorText(thrown));
        this.send({ type: 'DIAL_FAILED', code, message: errorText(thrown) });
        return;
      }
    }
    this.send({ type: 'DIALED' });
  }

  async #helloNow(instance: string | undefined): Promise<void> {
    this.#hello = new AbortController();
    const { signal } = this.#hello;
    const { bus } = this.#slot;
    const event: LinkEvent =
      bus === undefined
        ? { type: 'HELLO_FAILED', code: 'BUS_CLOSED', message: 'the connection to the bus is gone' }
        : await sayHello(
            bus,
            { ...this.#options.ask, transport: this.#options.transport(this.#connectedBy) },
            instance,
          );
    // what hubs say of a place is what the node has decided
    const answered = event.type === 'HELLO_ACCEPTED' || event.type === 'HELLO_REFUSED';
    if (!signal.aborted) this.send(event, answered ? this.#node : undefined);
  }

  #serveCalls(instance: string | undefined): void {
    const { bus } = this.#slot;
    if (bus !== undefined && instance !== undefined) this.#options.serving.join(bus, instance);
  }

  async #finishCalls(): Promise<void> {
    const { serving, drainMs, log } = this.#options;
    try {
      await serving.drain(drainMs);
    } catch (thrown) {
      log.error({ err: errorText(thrown) }, 'the open calls were not drained');
    }
    this.send({ type: 'DRAINED' });
  }

  #sayBye(instance: string | undefined, reason: 'draining' | 'stopped'): void {
    const { bus } = this.#slot;
    // A hub takes calls that have not ended when it hears of this for calls that were never served.
    if (reason === 'stopped') this.#options.serving.leave();
    if (instance !== undefined && bus?.connected === true) {
      sayBye(bus, this.#options.ask, { instance, reason });
    }
  }

  /** Ends everything, after the transition that led here was published. */
  #hangUp(): void {
    queueMicrotask(() => {
      void this.#end().finally(() => this.#options.hungUp());
    });
  }

  async #end(): Promise<void> {
    const { serving, endOthers, log } = this.#options;
    this.#hubWatch.stop();
    serving.leave();
    const bus = this.#slot.take();
    try {
      await endOthers();
    } catch (thrown) {
      log.warn({ err: errorText(thrown) }, 'what is beside the link did not end well');
    }
    try {
      await (bus?.connected === true ? bus.drain() : bus?.close());
    } catch (thrown) {
      log.warn({ err: errorText(thrown) }, 'the connection to the bus did not close well');
    }
  }
}
