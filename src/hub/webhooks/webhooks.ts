import { readFile } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import { coversNode } from '../../auth/node-patterns.js';
import type { Transition } from '../../bus/messages.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { readPemFile } from '../../wire/pem-file.js';
import { grantedLabels } from '../covered.js';
import type { NodeView } from '../node-view.js';
import type { NodeWatch } from '../node-watch.js';
import type { WebhookConfig } from './config.js';
import { type QueueCounts, type Receiver, WebhookQueue } from './queue.js';
import { readSecrets } from './signature.js';
import { Stories } from './story.js';

/** A webhook whose files are read. */
interface Loaded {
  readonly config: WebhookConfig;
  readonly receiver: Receiver;
}

/** Tells others by HTTP what becomes of the nodes that this hub watches over. */
export class Webhooks {
  readonly #stories: Stories;
  readonly #version: string;
  readonly #log: Logger;
  #hooks: { readonly config: WebhookConfig; readonly queue: WebhookQueue }[] = [];
  /** By name: counters never go back. */
  readonly #counts = new Map<string, QueueCounts>();

  constructor(options: { hub: string; version: string; log: Logger; metrics: Registry }) {
    this.#stories = new Stories(options.hub);
    this.#version = options.version;
    this.#log = options.log;
    this.#register(options.metrics);
  }

  /**
   * Reads what other webhooks need; what it resolves to puts them into effect. One whose name and URL stay keeps what
   * waits for it. Throws `WEBHOOK_SECRET_INVALID`, `WEBHOOK_FILE_UNREADABLE` and what PEM files throw.
   */
  async prepare(configs: readonly WebhookConfig[]): Promise<() => void> {
    const loaded: Loaded[] = [];
    for (const config of configs) {
      const name = nameOf(config, new Set(loaded.map(({ receiver }) => receiver.name)));
      loaded.push({ config, receiver: await this.#load(config, name) });
    }
    return () => this.#take(loaded);
  }

  /** A machine of a node that this hub watches over has made a transition. */
  heard(view: NodeView, watch: NodeWatch, transition: Transition): void {
    if (this.#hooks.length === 0) return;
    for (const event of this.#stories.hear(view, watch, transition)) {
      for (const { config, queue } of this.#hooks) {
        if (!config.events.includes(event.type)) continue;
        if (coversNode(config.nodes, event.node, grantedLabels(view))) queue.push(event);
      }
    }
  }

  /** Delivers what waits, within `graceMs`, and takes no more. Never throws. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.#hooks.map(({ queue }) => queue.drain(graceMs)));
  }

  stop(): void {
    for (const { queue } of this.#hooks.splice(0)) queue.stop();
  }

  async #load(config: WebhookConfig, name: string): Promise<Receiver> {
    const { secret, secretFile, headers } = config;
    const text = secretFile === undefined ? secret : await secretIn(secretFile);
    const from = secretFile ?? `the webhook '${name}'`;
    return {
      name,
      url: new URL(config.url),
      keys: text === undefined ? [] : readSecrets(text, from),
      headers: { 'user-agent': `postern/${this.#version}`, ...headers },
      ca: config.ca === undefined ? undefined : await readPemFile(config.ca, 'CA'),
    };
  }

  #take(loaded: readonly Loaded[]): void {
    const before = this.#hooks.splice(0);
    for (const { config, receiver } of loaded) {
      const at = before.findIndex(
        ({ config: old, queue }) => queue.name === receiver.name && old.url === config.url,
      );
      const [kept] = at < 0 ? [] : before.splice(at, 1);
      kept?.queue.replace(receiver);
      const counts = this.#counts.get(receiver.name) ?? { delivered: 0, failed: 0, dropped: 0 };
      this.#counts.set(receiver.name, counts);
      this.#hooks.push({ config, queue: kept?.queue ?? new WebhookQueue(receiver, this.#log, counts) });
      if (receiver.keys.length === 0) {
        this.#log.warn(
          { webhook: receiver.name },
          'a webhook has no secret: its receiver cannot know who tells',
        );
      }
    }
    for (const { queue } of before) queue.stop();
  }

  #register(metrics: Registry): void {
    const counts = this.#counts;
    const hooks = () => this.#hooks;
    new Counter({
      name: 'postern_webhook_events_total',
      help: 'Events for webhooks: delivered, dropped, and attempts that failed.',
      labelNames: ['webhook', 'outcome'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const [webhook, { delivered, failed, dropped }] of counts) {
          this.inc({ webhook, outcome: 'delivered' }, delivered);
          this.inc({ webhook, outcome: 'failed' }, failed);
          this.inc({ webhook, outcome: 'dropped' }, dropped);
        }
      },
    });
    new Gauge({
      name: 'postern_webhook_events_waiting',
      help: 'Events that wait to be delivered.',
      labelNames: ['webhook'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const { queue } of hooks()) this.set({ webhook: queue.name }, queue.waiting);
      },
    });
  }
}

/** Its own name, or the host alone: paths and queries of such URLs may be secrets. */
function nameOf({ name, url }: WebhookConfig, taken: ReadonlySet<string>): string {
  const wanted = name ?? new URL(url).host;
  let free = wanted;
  for (let count = 2; taken.has(free); count++) free = `${wanted}#${count}`;
  return free;
}

async function secretIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new PosternError(
      'WEBHOOK_FILE_UNREADABLE',
      `the secret of a webhook cannot be read: ${errorText(thrown)}`,
      { exitCode: 2 },
    );
  }
}
