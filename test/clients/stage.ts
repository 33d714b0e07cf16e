import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { credentials, Metadata, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { makeAuthority } from '../../scripts/certs/issue.js';
import { type Example, example } from '../../scripts/clients/examples.js';
import type { Language } from '../../scripts/clients/stubs.js';
import {
  AccountAuthenticationServiceClient,
  type IsJwtOkReply,
} from '../../src/gen/account_auth_service/account_auth_service.js';
import {
  FluentdService,
  type FluentdStartRequest,
  type FluentdStartResponse,
  FluentdStartStatus,
} from '../../src/gen/external/fluentd.js';
import { Fleet } from '../support/fleet.js';
import { freePort } from '../support/free-port.js';
import { type Finished, run } from '../support/processes.js';

/** How a call of `external.Fluentd/Start` came to the server behind the node. */
export interface SeenStart {
  readonly metadata: Record<string, unknown>;
  /** Milliseconds that were left when it came. */
  readonly leftMs: number;
  cancelled: boolean;
}

/** An example that runs. */
export interface Going {
  /** What it has printed so far. */
  lines(): readonly string[];
  /** Its exit status. */
  readonly ended: Promise<number | null>;
}

/** Who may do what in these tests. */
export interface Tokens {
  /** May call, and follow what happens. */
  readonly good: string;
  /** Was signed by nobody. */
  readonly bad: string;
}

/**
 * A hub with a certificate of an authority of its own, a node `cellar` with a real gRPC server, and account services
 * at the host name `localhost`.
 */
export class ClientsStage {
  readonly fleet: Fleet;
  readonly seen: SeenStart[] = [];
  /** Whether `Start` is answered. */
  answers = true;
  #accounts: AccountAuthenticationServiceClient | undefined;
  tokens: Tokens = { good: '', bad: 'e30.e30.e30' };
  #port = '';
  #ca = '';
  /** A file with an authority that signed nothing here. */
  otherCa = '';
  #servers: Server[] = [];
  #going: ChildProcess[] = [];
  #examples = new Map<Language, Promise<Example>>();

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  static async make(): Promise<ClientsStage> {
    const stage = new ClientsStage(await Fleet.make());
    try {
      await stage.#start();
    } catch (thrown) {
      await stage.stop();
      throw thrown;
    }
    return stage;
  }

  async #start(): Promise<void> {
    const authority = await makeAuthority('clients');
    const { cert, key } = await authority.issue(['localhost']);
    const file = (name: string): string => path.join(this.fleet.dir, name);
    this.#ca = file('ca.pem');
    this.otherCa = file('other.pem');
    await Promise.all([
      writeFile(this.#ca, authority.cert),
      writeFile(this.otherCa, (await makeAuthority('another')).cert),
      writeFile(file('hub.crt'), cert),
      writeFile(file('hub.key'), key),
    ]);
    const auth = `127.0.0.1:${await freePort()}`;
    await writeFile(
      file('accounts.yaml'),
      `mail: {by: nobody, codesInAnswersForTests: true}\nlisten: {rest: [], auth: ['${auth}'], storage: [], rooms: []}\n`,
    );
    const service = '/account_auth_service.AccountAuthenticationService';
    const rows = ['UserRegisterRequest', 'UserRegisterConfirm'].flatMap((method) => [
      '--route',
      `host=localhost,path=${service}/${method},to=grpc://${auth},access=public`,
    ]);
    const tls = ['--tls-cert-file', file('hub.crt'), '--tls-key-file', file('hub.key')];
    await this.fleet.up([...tls, ...rows, '--accounts', file('accounts.yaml')]);
    this.#accounts = new AccountAuthenticationServiceClient(auth, credentials.createInsecure());
    this.#port = (await this.fleet.hubAddress()).split(':').at(-1) ?? '';
    const server = await this.#serve((made) =>
      made.addService(FluentdService, {
        start: (call: StartCall, done: StartDone) => this.#play(call, done),
      }),
    );
    await this.fleet.agent('cellar', [server]);
    const good = await this.fleet.callerToken('examples', ['--role', 'operate']);
    this.tokens = { ...this.tokens, good };
  }

  /** Runs the example of a language over TLS to its end. */
  async run(language: Language, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const { command, args: first, env: own } = await this.#built(language);
    return run(command, [...first, ...args], { env: { ...own, ...this.env, ...env } });
  }

  /** What an example is told. */
  get env(): NodeJS.ProcessEnv {
    return {
      POSTERN_HUB: `localhost:${this.#port}`,
      POSTERN_HUB_CA: this.#ca,
      POSTERN_TOKEN: this.tokens.good,
    };
  }

  /** Starts the example of a language, and goes on; it is killed after 30 seconds. */
  async start(language: Language, args: readonly string[]): Promise<Going> {
    const { command, args: first, env } = await this.#built(language);
    const child = spawn(command, [...first, ...args], {
      env: { ...process.env, ...env, ...this.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#going.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const bound = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve)).finally(() =>
      clearTimeout(bound),
    );
    return { lines: () => lines, ended };
  }

  /** Whose a token is, as the account service says. */
  whose(jwt: string): Promise<IsJwtOkReply> {
    return new Promise((resolve, reject) => {
      const deadline = { deadline: Date.now() + 10_000 };
      this.#accounts?.isJwtOk({ jwt }, new Metadata(), deadline, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
  }

  /** Once for all runs. */
  #built(language: Language): Promise<Example> {
    const built = this.#examples.get(language) ?? example(language);
    this.#examples.set(language, built);
    return built;
  }

  async stop(): Promise<void> {
    for (const child of this.#going) child.kill('SIGKILL');
    for (const server of this.#servers) server.forceShutdown();
    this.#accounts?.close();
    await this.fleet.stop();
  }

  #play(call: StartCall, done: StartDone): void {
    const deadline = Number(call.getDeadline());
    const seen = { metadata: call.metadata.getMap(), leftMs: deadline - Date.now(), cancelled: false };
    this.seen.push(seen);
    call.on('cancelled', () => {
      seen.cancelled = true;
    });
    if (this.answers) done(null, { status: FluentdStartStatus.START_SUCCESS });
  }

  async #serve(add: (server: Server) => void): Promise<string> {
    const server = new Server();
    add(server);
    this.#servers.push(server);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return `127.0.0.1:${port}`;
  }
}

type StartCall = ServerUnaryCall<FluentdStartRequest, FluentdStartResponse>;
type StartDone = (error: null, answer: FluentdStartResponse) => void;
