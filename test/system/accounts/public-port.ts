import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CallOptions, type Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import { AccountAuthenticationServiceClient } from '../../../src/gen/account_auth_service/account_auth_service.js';
import { AccountStorageServiceClient } from '../../../src/gen/account_storage_service/account_storage_service.js';
import { AccountStorageClient } from '../../../src/gen/postern/v1/account_storage.js';
import { RoomControlServiceClient } from '../../../src/gen/room_control_service/room_control_service.js';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { checkoutRoot, type Finished, type RunningProcess } from '../../support/processes.js';

const hosts = ['auth.example.com', 'storage.example.com', 'rooms.example.com'] as const;
export const liveKitSecret = 'a-secret-of-more-than-thirty-two-characters';

/** A method of a generated client, in its longest form. */
type Method<Q, P> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, response: P) => void,
) => unknown;

/** Calls a method, waiting for the service where nobody answers yet. */
export function call<Q, P>(client: Client, method: Method<Q, P>, request: Q, metadata: Metadata): Promise<P> {
  return new Promise((resolve, reject) => {
    method.call(client, request, metadata, { deadline: Date.now() + 15_000 }, (error, response) => {
      if (error === null) resolve(JSON.parse(JSON.stringify(response)));
      else reject(error);
    });
  });
}

/** Metadata with a token, under the header's name. */
export function shows(jwt: string, header = 'authorization'): Metadata {
  const metadata = new Metadata();
  metadata.set(header, header === 'authorization' ? `Bearer ${jwt}` : jwt);
  return metadata;
}

/** One public TLS port, three host names behind it, and account services in two processes. */
export class PublicPort {
  readonly fleet: Fleet;
  readonly #ca: string;
  readonly #port: number;
  readonly #clients: Client[] = [];

  private constructor(fleet: Fleet, ca: string, port: number) {
    this.fleet = fleet;
    this.#ca = ca;
    this.#port = port;
  }

  /** Writes the configuration; nothing is started yet. */
  static async make(): Promise<PublicPort> {
    const fleet = await Fleet.make();
    const authority = await makeAuthority('test authority');
    const file = (name: string) => path.join(fleet.dir, name);
    await writeFile(file('ca.crt'), authority.cert);
    const { cert, key } = await authority.issue([...hosts]);
    await writeFile(file('example.crt'), cert);
    await writeFile(file('example.key'), key);
    await writeFile(file('livekit.key'), `APIkey: ${liveKitSecret}\n`, { mode: 0o600 });
    const [port, auth, storage, rooms] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [accounts, postern] = await example({
      ':443': `127.0.0.1:${port}`,
      '127.0.0.1:40052': `127.0.0.1:${auth}`,
      '127.0.0.1:40053': `127.0.0.1:${storage}`,
      '127.0.0.1:40054': `127.0.0.1:${rooms}`,
      '/etc/postern': fleet.dir,
    });
    // Codes are told to whoever asks, and there is no LiveKit server to be asked.
    const told = accounts
      .replace(/^mail: .*$/m, 'mail: {by: nobody, codesInAnswersForTests: true}')
      .replace("url: 'http://127.0.0.1:7880', ", '');
    const listen = `{rest: [], auth: ['127.0.0.1:${auth}'], storage: ['127.0.0.1:${storage}'], rooms: ['127.0.0.1:${rooms}']}`;
    await writeFile(file('accounts.yaml'), `${told}listen: ${listen}\n`);
    await writeFile(file('postern.yaml'), `${postern}metrics: 'off'\n`);
    return new PublicPort(fleet, authority.cert, port);
  }

  /** The hub with its NATS server, and account services in the same process. */
  up(): Promise<RunningProcess> {
    return this.fleet.start(['up', '--config', path.join(this.fleet.dir, 'postern.yaml')]);
  }

  /** Account services in a process of their own, which nothing leads to. */
  async beside(): Promise<RunningProcess> {
    const own = path.join(this.fleet.dir, 'beside.yaml');
    const text = await readFile(path.join(this.fleet.dir, 'accounts.yaml'), 'utf8');
    await writeFile(
      own,
      text.replace(/^listen: .*$/m, 'listen: {rest: [], auth: [], storage: [], rooms: []}'),
    );
    return this.fleet.start(['accounts', 'serve', '--config', own]);
  }

  /** Kills the NATS server, and the hub starts it again. */
  async killNats(): Promise<void> {
    const pid = await readFile(path.join(this.fleet.dir, 'hub/nats/nats.pid'), 'utf8');
    process.kill(Number(pid), 'SIGKILL');
  }

  get auth(): AccountAuthenticationServiceClient {
    return this.#client(AccountAuthenticationServiceClient, 'auth.example.com');
  }
  get storage(): AccountStorageServiceClient {
    return this.#client(AccountStorageServiceClient, 'storage.example.com');
  }
  get own(): AccountStorageClient {
    return this.#client(AccountStorageClient, 'storage.example.com');
  }
  get rooms(): RoomControlServiceClient {
    return this.#client(RoomControlServiceClient, 'rooms.example.com');
  }

  #client<T extends Client>(
    make: new (address: string, creds: ReturnType<typeof credentials.createSsl>, options: object) => T,
    host: string,
  ): T {
    const known = this.#clients.find((one): one is T => one instanceof make);
    if (known !== undefined) return known;
    const client = new make(`127.0.0.1:${this.#port}`, credentials.createSsl(Buffer.from(this.#ca)), {
      'grpc.default_authority': host,
      'grpc.ssl_target_name_override': host,
    });
    this.#clients.push(client);
    return client;
  }

  /** Registers somebody, and gives their token. */
  async register(email: string): Promise<string> {
    const nothing = new Metadata();
    const { auth } = this;
    const { theVerifyCodeTheUserNeedToSendBack } = await call(
      auth,
      auth.userRegisterRequest,
      { email },
      nothing,
    );
    const proof = { email, theVerifyCodeTheUserNeedToSendBack };
    return (await call(auth, auth.userRegisterConfirm, proof, nothing)).jwt;
  }

  /** `postern rooms …` as whoever has the token. */
  roomsCommand(token: string, ...args: string[]): Promise<Finished> {
    return this.fleet.postern(['rooms', ...args, '--host', 'rooms.example.com'], {
      env: {
        POSTERN_HUB: `https://127.0.0.1:${this.#port}`,
        POSTERN_HUB_CA: path.join(this.fleet.dir, 'ca.crt'),
        POSTERN_TOKEN: token,
      },
    });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.fleet.stop();
  }
}

/** The two files that docs/rooms.md shows, with other names for some places. */
async function example(places: Readonly<Record<string, string>>): Promise<[string, string]> {
  const page = await readFile(path.join(checkoutRoot, 'docs/rooms.md'), 'utf8');
  const [accounts, postern] = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) =>
    Object.entries(places).reduce((read, [from, to]) => read.replaceAll(from, to), text),
  );
  if (accounts === undefined || postern === undefined) throw new Error('docs/rooms.md shows no two files');
  return [accounts, postern];
}
