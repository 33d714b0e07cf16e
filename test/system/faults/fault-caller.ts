import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  type ArmFaultRequest,
  type CheckFaultRequest,
  type CheckFaultResponse,
  type Fault,
  FaultsServiceClient,
  type GetFaultCapabilitiesResponse,
} from '../../../src/gen/postern/v1/faults.js';
import { eventually } from '../../support/processes.js';

type Told<R> = (error: ServiceError | null, response: R) => void;

/** Drives the faults of nodes through a hub. */
export class FaultCaller {
  readonly #client: FaultsServiceClient;
  readonly #token: string;

  constructor(address: string, token: string) {
    this.#client = new FaultsServiceClient(address, credentials.createInsecure());
    this.#token = token;
  }

  close(): void {
    this.#client.close();
  }

  /** Arms a fault of the run `r1`; by default in 200 ms, for a second. Gives the fault. */
  async arm(node: string, fault: string, asked: Partial<ArmFaultRequest>): Promise<Fault> {
    const whole = {
      ...{ run: 'r1', fault, kind: 'link', atMs: Date.now() + 200, forMs: 1_000 },
      ...{ offsetMs: 0, errorMs: 1, shape: undefined, others: [], command: undefined },
      ...asked,
    };
    const answer = await this.#ask<{ fault?: Fault | undefined }>(node, (metadata, told) =>
      this.#client.armFault(whole, metadata, this.#options, told),
    );
    return found(answer.fault);
  }

  async heal(node: string, fault: string): Promise<Fault> {
    const answer = await this.#ask<{ fault?: Fault | undefined }>(node, (metadata, told) =>
      this.#client.healFault({ run: 'r1', fault, command: undefined }, metadata, this.#options, told),
    );
    return found(answer.fault);
  }

  async healAll(node: string, run = 'r1'): Promise<Fault[]> {
    const { faults } = await this.#ask<{ faults: Fault[] }>(node, (metadata, told) =>
      this.#client.healAll({ run, command: undefined }, metadata, this.#options, told),
    );
    return faults;
  }

  async list(node: string, run = 'r1'): Promise<Fault[]> {
    const { faults } = await this.#ask<{ faults: Fault[] }>(node, (metadata, told) =>
      this.#client.listFaults({ run }, metadata, this.#options, told),
    );
    return faults;
  }

  async show(node: string, name: string): Promise<Fault> {
    return found((await this.list(node)).find(({ fault }) => fault === name));
  }

  /** The fault, when it is in this state. */
  comesTo(node: string, name: string, state: string, timeoutMs = 60_000): Promise<Fault> {
    return eventually(
      `the fault ${name} of ${node} is ${state}`,
      async () => {
        const fault = await this.show(node, name);
        return fault.state === state ? fault : undefined;
      },
      { timeoutMs, everyMs: 50 },
    );
  }

  /** Whether a fault could be done: by what, else why not. */
  async check(node: string, asked: Partial<CheckFaultRequest>): Promise<string> {
    const whole = { kind: '', shape: undefined, forMs: 0, ...asked };
    const { by, code, reason } = await this.#ask<CheckFaultResponse>(node, (metadata, told) =>
      this.#client.checkFault(whole, metadata, this.#options, told),
    );
    return by === '' ? `${code}: ${reason}` : by;
  }

  capabilities(node: string): Promise<GetFaultCapabilitiesResponse> {
    return this.#ask(node, (metadata, told) =>
      this.#client.getFaultCapabilities({}, metadata, this.#options, told),
    );
  }

  get #options(): { deadline: number } {
    return { deadline: Date.now() + 20_000 };
  }

  #ask<R>(node: string, call: (metadata: Metadata, told: Told<R>) => unknown): Promise<R> {
    const metadata = new Metadata();
    metadata.set('name', node);
    metadata.set('authorization', `Bearer ${this.#token}`);
    return new Promise((resolve, reject) => {
      call(metadata, (error, response) => (error === null ? resolve(response) : reject(error)));
    });
  }
}

function found(fault: Fault | undefined): Fault {
  if (fault === undefined) throw new Error('there is no such fault');
  return fault;
}
