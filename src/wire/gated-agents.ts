import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { Gate } from './gate.js';

type Told = ((error: Error | null, stream: Duplex) => void) | undefined;

/** Node's HTTP agent whose connections go through a gate. */
export class GatedHttpAgent extends HttpAgent {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super();
    this.#gate = gate;
  }

  override createConnection(options: ClientRequestArgs, told: Told): Duplex | null | undefined {
    return entered(this.#gate, super.createConnection(options, told));
  }
}

/** The same for HTTPS. */
export class GatedHttpsAgent extends HttpsAgent {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super();
    this.#gate = gate;
  }

  override createConnection(options: ClientRequestArgs, told: Told): Duplex | null | undefined {
    return entered(this.#gate, super.createConnection(options, told));
  }
}

/** The same through a proxy that is asked with CONNECT. */
export class GatedProxyAgent extends HttpsProxyAgent<string> {
  readonly #gate: Gate;

  constructor(gate: Gate, ...options: ConstructorParameters<typeof HttpsProxyAgent<string>>) {
    super(...options);
    this.#gate = gate;
  }

  override async connect(...asked: Parameters<HttpsProxyAgent<string>['connect']>): Promise<Socket> {
    this.#gate.check();
    return this.#gate.enter(await super.connect(...asked));
  }
}

function entered(gate: Gate, made: Duplex | null | undefined): Duplex | null | undefined {
  return made === null || made === undefined ? made : gate.enter(made);
}
