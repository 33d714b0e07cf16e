import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import { AssertionSigner, assertionField } from '../../../src/auth/assertion.js';
import { loadOrCreateCallerKey } from '../../../src/auth/caller-tokens.js';
import type { Store } from '../../../src/bus/bus.js';
import type { RunEntry } from '../../../src/bus/run-messages.js';
import { stores } from '../../../src/bus/subjects.js';
import { unary } from '../../../src/client/call-failed.js';
import type { Run, WatchRunResponse } from '../../../src/gen/postern/v1/runs.js';
import { RunsClient } from '../../../src/gen/postern/v1/runs.js';
import { startTestNats, type TestNats } from '../../support/nats.js';
import { checkoutRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import { SimFleet, type SimOptions } from './sim-fleet.js';

const postern = path.join(checkoutRoot, 'bin/postern');

/** A controller as a process of its own, and a client of it. */
export class ControllerProcess {
  readonly process: RunningProcess;
  readonly #client: RunsClient;
  readonly #signer: AssertionSigner;

  constructor(process: RunningProcess, signer: AssertionSigner) {
    this.process = process;
    this.#signer = signer;
    const { listen } = process.ready;
    this.#client = new RunsClient(
      String(Array.isArray(listen) ? listen[0] : ''),
      credentials.createInsecure(),
    );
  }

  async start(run: string, scenario: string): Promise<Run | undefined> {
    const request = { run, scenario, file: `${run}.yaml`, seed: '', provider: '', replayJson: '' };
    const { run: begun } = await unary<{ run?: Run | undefined }>((done) =>
      this.#client.startRun(request, this.#metadata(), done),
    );
    return begun;
  }

  async stopRun(run: string, reason: string): Promise<void> {
    await unary((done) => this.#client.stopRun({ run, reason }, this.#metadata(), done));
  }

  watch(run: string): ClientReadableStream<WatchRunResponse> {
    return this.#client.watchRun({ run }, this.#metadata());
  }

  async report(run: string, rulesJson = ''): Promise<string> {
    const parts: Uint8Array[] = [];
    const stream = this.#client.getReport({ run, format: 'json', rulesJson }, this.#metadata());
    for await (const { part } of stream) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#client.close();
    await this.process.stop(signal);
  }

  /** As a hub would say who calls. */
  #metadata(): Metadata {
    const identity = {
      ...{ subject: 'alice', tokenId: 't', issuer: 'postern', limits: {} },
      ...{ roles: ['operate'] as const, expiresAtMs: Date.now() + 60_000 },
    };
    const metadata = new Metadata();
    metadata.set(assertionField, this.#signer.assertionFor(identity, 'runs'));
    return metadata;
  }
}

/** A bus, simulated nodes behind a simulated hub, and real controllers. */
export class Rehearsal {
  readonly nats: TestNats;
  readonly fleet: SimFleet;
  readonly runs: Store<RunEntry>;
  readonly #controllers: ControllerProcess[] = [];

  private constructor(nats: TestNats, fleet: SimFleet, runs: Store<RunEntry>) {
    this.nats = nats;
    this.fleet = fleet;
    this.runs = runs;
  }

  static async open(nodes: readonly string[], options: SimOptions = {}): Promise<Rehearsal> {
    const nats = await startTestNats();
    const fleet = await SimFleet.open(await nats.hub(), nodes, options);
    const runs = await (await nats.controller()).store(stores.runs);
    return new Rehearsal(nats, fleet, runs);
  }

  async controller(lease = '5s'): Promise<ControllerProcess> {
    const { nats, fleet } = this;
    const args = [
      'controller',
      '--data',
      nats.dir,
      '--nats',
      nats.server.url,
      '--hub',
      `http://${fleet.address}`,
    ];
    const more = ['--lease', lease, '--listen', '127.0.0.1:0', '-o', 'json', '--log-level', 'info'];
    const process = await startReady(postern, [...args, ...more]);
    const signer = new AssertionSigner(await loadOrCreateCallerKey(path.join(nats.dir, 'keys')));
    const controller = new ControllerProcess(process, signer);
    this.#controllers.push(controller);
    return controller;
  }

  /** The entry of a run when it is so. */
  async when(run: string, holds: (entry: RunEntry) => boolean, timeoutMs = 30_000): Promise<RunEntry> {
    let seen: RunEntry | undefined;
    return eventually(
      `run ${run} is as it should be`,
      async () => {
        seen = (await this.runs.get(run))?.value;
        return seen !== undefined && holds(seen) ? seen : undefined;
      },
      { timeoutMs, everyMs: 25 },
    ).catch((thrown: unknown) => {
      throw new Error(`it is ${JSON.stringify(seen)}`, { cause: thrown });
    });
  }

  /** The run in this state. */
  reached(run: string, state: string): Promise<RunEntry> {
    return this.when(run, ({ phases }) => phases.some((phase) => phase.state === state));
  }

  ended(run: string): Promise<RunEntry> {
    return this.when(run, ({ endedAtMs }) => endedAtMs !== undefined, 60_000);
  }

  async close(): Promise<void> {
    // One that stands still ends by SIGKILL alone.
    await Promise.all(this.#controllers.map((one) => one.stop('SIGKILL').catch(() => {})));
    this.fleet.close();
    await this.nats.stop();
    await rm(this.nats.dir, { recursive: true, force: true });
  }
}
