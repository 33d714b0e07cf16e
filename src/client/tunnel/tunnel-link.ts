import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, type LinkContext, type LinkSnapshot, linkMachine } from '../../../machines/link.js';
import { workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { type RunningActor, startActor } from '../../actors/host.js';
import { errorText, hintOf, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { OpenTunnel, TunnelEnd } from './dial-tunnel.js';

/** What the link of a tunnel needs. */
export interface TunnelLinkOptions {
  readonly node: string;
  /** Id of this start of the process. */
  readonly boot: string;
  /** Where tunnels lead, as it is shown: without secrets. Tried in order. */
  readonly ways: readonly string[];
  /** Opens a tunnel on the way of that index; `before` is the instance id of the one before. */
  readonly dial: (way: number, before: string | undefined, signal: AbortSignal) => Promise<OpenTunnel>;
  /** The longest that one dial may take, milliseconds. */
  readonly dialLimitMs: number;
  /** How long open calls may take to finish, milliseconds. */
  readonly drainMs: number;
  /** Everything is closed, after the link has ended. */
  readonly hungUp: () => void;
  readonly log: Logger;
}

/** A drain that has not answered so long after its time is given up, milliseconds. */
const drainSlackMs = 5_000;
/** How long closing a tunnel may take, milliseconds. */
const closeMs = 1_000;
/** The tunnel's own pings watch over the hub: this is only shown. */
const pingIntervalMs = 5_000;

/** What the machine leaves to its runner, and what a tunnel has to do of it. */
type TunnelEffect = 'dial' | 'abandonDial' | 'sayHello' | 'sayDraining' | 'finishCalls' | 'hangUp';

/** The longest pause before the first of several attempts, milliseconds. */
const firstPauseMaxMs = 2_000;

/**
 * The pause after the `attempt`-th failure in a row, milliseconds. A hub that ends lets all its nodes go in one instant:
 * they are spread widely at first, and up to a quarter more or less later on.
 */
function pauseMs(attempt: number): number {
  const least = backoffMs(attempt);
  if (attempt <= 1) return least + Math.random() * (firstPauseMaxMs - least);
  return least * (0.75 + Math.random() / 2);
}

/** Runs the `link` machine of a node that joins through a tunnel. */
export class TunnelLink {
  readonly #options: TunnelLinkOptions;
  readonly #actor: RunningActor<typeof linkMachine>;
  #tunnel: OpenTunnel | undefined;
  #dial = new AbortController();

  constructor(options: TunnelLinkOptions) {
    this.#options = options;
    this.#actor = startActor({
      machine: this.#machine(),
      machineName: 'link',
      id: `${options.node}.${options.boot}`,
      input: { ways: options.ways },
      clock: workingClock,
      // it has no way to the bus but for calls
      publish: () => {},
      context: ({ context: { way, instance, epoch, hub, attempt, lastError, end } }) => ({
        way: options.ways[way],
        instance,
        epoch,
        hub,
        attempt,
        error: lastError,
        end,
      }),
      failed: () => this.#hangUp(),
      log: options.log,
    });
    this.#actor.onTransition(({ event, from, to, context }) => {
      options.log.info({ event, from, to, ...context }, 'link');
    });
  }

  /** Tells the machine to begin, to end after the open calls, or at once. */
  send(event: { type: 'START' | 'DRAIN' | 'STOP' }): void {
    this.#actor.send(event);
  }

  snapshot(): LinkSnapshot {
    return this.#actor.snapshot();
  }

  /** Hears each transition's snapshot. */
  onTransition(listener: (snapshot: LinkSnapshot) => void): () => void {
    return this.#actor.onTransition((_, snapshot) => listener(snapshot));
  }

  #machine(): typeof linkMachine {
    const { drainMs, dialLimitMs, log } = this.#options;
    return linkMachine.provide({
      actions: safeEffects<TunnelEffect, { readonly context: LinkContext }>(log, {
        dial: ({ context }) => void this.#dialNow(context.way, context.instance),
        abandonDial: () => this.#dial.abort(),
        sayHello: () => this.#tellPlace(),
        sayDraining: () => this.#tunnel?.goAway(),
        finishCalls: () => void this.#finishCalls(),
        hangUp: () => this.#hangUp(),
      }),
      delays: {
        backoff: ({ context }) => pauseMs(context.attempt),
        dialLimit: dialLimitMs,
        drainLimit: drainMs + drainSlackMs,
      },
    });
  }

  async #dialNow(way: number, before: string | undefined): Promise<void> {
    this.#dial = new AbortController();
    const { signal } = this.#dial;
    try {
      const tunnel = await this.#options.dial(way, before, signal);
      if (signal.aborted) return tunnel.close();
      this.#tunnel = tunnel;
      void tunnel.ended.then((end) => this.#ended(tunnel, end));
      this.#actor.send({ type: 'DIALED' });
    } catch (thrown) {
      if (signal.aborted) return;
      const code = thrown instanceof PosternError ? thrown.code : 'DIAL_FAILED';
      const message = errorText(thrown);
      this.#options.log.warn({ code, hint: hintOf(thrown) }, message);
      if (code === 'SUPERSEDED') this.#actor.send({ type: 'NOTICED_SUPERSEDED', message });
      else this.#actor.send({ type: 'DIAL_FAILED', code, message });
    }
  }

  /** The place came with the tunnel. */
  #tellPlace(): void {
    const tunnel = this.#tunnel;
    if (tunnel === undefined) return;
    const { instance, epoch, hub } = tunnel;
    this.#actor.send({ type: 'HELLO_ACCEPTED', instance, epoch, hub, pingIntervalMs });
  }

  #ended(tunnel: OpenTunnel, { code, message }: TunnelEnd): void {
    if (this.#tunnel !== tunnel) return;
    this.#tunnel = undefined;
    if (code === 'SUPERSEDED') this.#actor.send({ type: 'NOTICED_SUPERSEDED', message });
    else if (code === 'REVOKED') this.#actor.send({ type: 'NOTICED_REVOKED', message });
    else this.#actor.send({ type: 'BUS_CLOSED', reason: message });
  }

  /** The hub closes the tunnel when the last call has ended. */
  async #finishCalls(): Promise<void> {
    await within(this.#options.drainMs, this.#tunnel?.ended);
    this.#actor.send({ type: 'DRAINED' });
  }

  /** Ends everything, after the transition that led here was published. */
  #hangUp(): void {
    queueMicrotask(() => {
      this.#dial.abort();
      const tunnel = this.#tunnel;
      this.#tunnel = undefined;
      tunnel?.close();
      void within(closeMs, tunnel?.ended).then(() => this.#options.hungUp());
    });
  }
}

async function within(ms: number, done: Promise<unknown> | undefined): Promise<void> {
  if (done === undefined) return;
  const timer = new AbortController();
  await Promise.race([done, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
