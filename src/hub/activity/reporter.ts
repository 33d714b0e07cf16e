import type { ActivityKind } from '../../bus/activity-message.js';
import { isForwardPath } from '../../rpc/forward.js';
import type { CallResult } from '../../wire/serve-call.js';
import type { CallWatch, OpenCall } from '../call-stats.js';
import { OpenList } from './open-list.js';
import type { Channel, Outbox } from './outbox.js';
import { Refusals } from './refusals.js';
import { shownCaller, shownMethod } from './shown-text.js';

/** Channels that are remembered; then they are made anew. */
const mostChannels = 4_096;
/** How often it is looked for calls that have become old, and for refusals that are to be summed up, in milliseconds. */
const sweepEveryMs = 250;
/** A call that is open for so long is told of before its end, in milliseconds. */
const openedAfterMs = 1_000;

/** Makes events of what calls do. What it does for a call that is short is little: it is on the way of each. */
export class Reporter implements CallWatch {
  readonly #outbox: Outbox;
  readonly #open = new OpenList();
  readonly #refusals: Refusals;
  readonly #channels = new Map<string, Map<string, Channel>>();
  #channelCount = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
    this.#refusals = new Refusals(({ node, path }, event) =>
      outbox.push(this.#channel('refused', node, path), event),
    );
    this.#timer = setInterval(() => this.sweep(performance.now(), Date.now()), sweepEveryMs).unref();
  }

  begun(call: OpenCall): void {
    this.#open.add(call);
  }

  ended(call: OpenCall, node: string, result: CallResult, seconds: number): void {
    this.#open.remove(call);
    const us = Math.round(seconds * 1e6);
    const { status, made, requestBytes, responseBytes } = result;
    this.#outbox.push(this.#channel('proxied', node, call.path), {
      at: Date.now() - Math.round(seconds * 1e3),
      call: call.id,
      caller: shownCaller(call.caller),
      code: status,
      us,
      in: requestBytes,
      out: responseBytes,
      trace: call.trace,
      instance: call.instance,
      made,
      opened: call.told,
    });
  }

  refused(
    node: string | undefined,
    path: string,
    caller: string | undefined,
    code: number,
    reason: string,
  ): void {
    this.#refusals.refused({ node, path, caller, code, reason }, Date.now());
  }

  /** Tells of the calls that have become old, and sums up what was refused. */
  sweep(now: number, nowMs: number): void {
    this.#open.old(now - openedAfterMs, (call) => {
      const ageMs = Math.max(0, now - call.startedAt);
      this.#outbox.push(this.#channel('opened', call.view?.name ?? '', call.path), {
        at: Math.round(nowMs - ageMs),
        call: call.id,
        caller: shownCaller(call.caller),
        us: Math.round(ageMs * 1e3),
        trace: call.trace,
        instance: call.instance,
      });
    });
    this.#refusals.sweep(nowMs);
  }

  /** Says what it has not said yet. */
  finish(): void {
    clearInterval(this.#timer);
    this.#refusals.flush(Date.now());
  }

  #channel(kind: 'proxied' | 'opened' | 'refused', node: string, path: string): Channel {
    const key = kind === 'proxied' ? node : `${kind} ${node}`;
    let channels = this.#channels.get(key);
    let channel = channels?.get(path);
    if (channel !== undefined) return channel;
    if (this.#channelCount >= mostChannels) {
      this.#channels.clear();
      this.#channelCount = 0;
      channels = undefined;
    }
    if (channels === undefined) {
      channels = new Map();
      this.#channels.set(key, channels);
    }
    channel = { kind: kindOf(kind, path), node, method: shownMethod(path), pending: [] };
    channels.set(path, channel);
    this.#channelCount++;
    return channel;
  }
}

function kindOf(kind: 'proxied' | 'opened' | 'refused', path: string): ActivityKind {
  if (kind === 'refused' || !isForwardPath(path)) return kind;
  return kind === 'opened' ? 'forward-opened' : 'forward-ended';
}
