import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { credentials, Metadata } from '@grpc/grpc-js';
import { createTransport } from 'nodemailer';
import { accountsConfig } from '../../../src/accounts/config.js';
import { accountIssuer } from '../../../src/cli/accounts/keys.js';
import { AccountAuthenticationServiceClient } from '../../../src/gen/account_auth_service/account_auth_service.js';
import { AccountStorageServiceClient } from '../../../src/gen/account_storage_service/account_storage_service.js';
import { AccountsClient, type Session } from '../../../src/gen/postern/v1/accounts.js';
import { type DnsServer, startDns } from '../../accounts/auth/dns-server.js';
import { type CapturingServer, captureMails, codeOf } from '../../accounts/auth/mail-server.js';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { call, shows } from './public-port.js';

/** UNAVAILABLE, DEADLINE_EXCEEDED, no connection to a mail server, or one that says to come again. */
const again: ReadonlySet<unknown> = new Set([14, 4, 'ESOCKET', 'ECONNECTION', 451]);

function isForNow(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const said = [
    'code' in thrown ? thrown.code : undefined,
    'responseCode' in thrown ? thrown.responseCode : undefined,
  ];
  return said.some((each) => again.has(each));
}

/** Which way codes go: we mail them, or users do. */
export type Way = 'us' | 'user';
const testMail = { by: 'nobody' as const, codesInAnswersForTests: true as const };
const verifyAt = 'verify@accounts.example.net';

/** A hub that takes the tokens of accounts by its settings, and account services in a process of their own. */
export class Registering {
  readonly fleet: Fleet;
  readonly mails: CapturingServer;
  readonly #dns: DnsServer;
  readonly #way: Way;
  readonly #mailPort: number;
  readonly hubAddress: string;
  readonly auth: AccountAuthenticationServiceClient;
  readonly own: AccountsClient;
  readonly storage: AccountStorageServiceClient;
  accounts: RunningProcess | undefined;

  private constructor(given: {
    fleet: Fleet;
    mails: CapturingServer;
    dns: DnsServer;
    way: Way;
    mailPort: number;
    hubPort: number;
  }) {
    this.fleet = given.fleet;
    this.mails = given.mails;
    this.#dns = given.dns;
    this.#way = given.way;
    this.#mailPort = given.mailPort;
    this.hubAddress = `127.0.0.1:${given.hubPort}`;
    const at = (host: string) =>
      [this.hubAddress, credentials.createInsecure(), { 'grpc.default_authority': host }] as const;
    this.auth = new AccountAuthenticationServiceClient(...at('auth.test'));
    this.own = new AccountsClient(...at('auth.test'));
    this.storage = new AccountStorageServiceClient(...at('storage.test'));
  }

  /** Writes the configuration and starts everything. */
  static async start(way: Way): Promise<Registering> {
    const fleet = await Fleet.make();
    const [mails, dns] = [await captureMails(), await startDns()];
    dns.txt.set('_dmarc.example.org', 'v=DMARC1; p=reject');
    dns.txt.set('example.org', 'v=spf1 ip4:127.0.0.1 -all');
    const [hubPort, auth, storage, mailPort] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    const mail =
      way === 'us'
        ? `{by: us, host: 127.0.0.1, port: ${mails.port}, from: accounts@example.net, security: 'off'}`
        : `{by: user, listen: '127.0.0.1:${mailPort}', to: ${verifyAt}, dns: ['${dns.address}']}`;
    await writeFile(
      path.join(fleet.dir, 'accounts.yaml'),
      `listen: {rest: ['127.0.0.1:0'], auth: ['127.0.0.1:${auth}'], storage: ['127.0.0.1:${storage}'], rooms: []}
admins: [root@example.org]
mail: ${mail}
`,
    );
    const open = [
      'account_auth_service.AccountAuthenticationService/UserRegisterRequest',
      'account_auth_service.AccountAuthenticationService/UserRegisterConfirm',
      'postern.v1.Accounts/Confirm',
      'postern.v1.Accounts/Refresh',
    ].map(
      (method) =>
        `  - {host: auth.test, pathPrefix: /${method}, to: 'grpc://127.0.0.1:${auth}', access: public}`,
    );
    await writeFile(
      path.join(fleet.dir, 'hub.yaml'),
      `listen: ['127.0.0.1:${hubPort}']
metrics: 'off'
jwt: {issuer: postern-accounts, audience: postern, jwks: ${path.join(fleet.dir, 'hub/keys/accounts.jwks.json')}}
routes:
  - {name: auth, host: auth.test, to: 'grpc://127.0.0.1:${auth}', assertion: true}
  - {name: storage, host: storage.test, to: 'grpc://127.0.0.1:${storage}', assertion: true}
${open.join('\n')}
`,
    );
    // A hub that finds no keys looks again after ten seconds only.
    await accountIssuer(path.join(fleet.dir, 'hub'), accountsConfig.parse({ mail: testMail }));
    await fleet.start(['up', '--config', path.join(fleet.dir, 'hub.yaml')]);
    const stage = new Registering({ fleet, mails, dns, way, mailPort, hubPort });
    await stage.startAccounts();
    return stage;
  }

  async startAccounts(): Promise<void> {
    const file = path.join(this.fleet.dir, 'accounts.yaml');
    this.accounts = await this.fleet.start(['accounts', 'serve', '--config', file]);
  }

  async killAccounts(): Promise<void> {
    this.accounts?.signal('SIGKILL');
    await this.accounts?.exited;
    await this.startAccounts();
  }

  async killNats(): Promise<void> {
    const pid = () => readFile(path.join(this.fleet.dir, 'hub/nats/nats.pid'), 'utf8');
    const before = await pid();
    process.kill(Number(before), 'SIGKILL');
    await eventually('another nats-server runs', async () => (await pid()) !== before);
  }

  /** Asks for a code. */
  async begin(email: string): Promise<string> {
    const begun = await this.insist(() =>
      call(this.auth, this.auth.userRegisterRequest, { email }, new Metadata()),
    );
    if ((begun.error ?? '') !== '') throw new Error(begun.error);
    return begun.theVerifyCodeTheUserNeedToSendBack;
  }

  /** Has the code go its way, and gives it. */
  async mail(email: string, told: string): Promise<string> {
    if (this.#way === 'user') {
      const message = { from: email, to: verifyAt, subject: `verify: ${told}`, text: 'as asked' };
      await this.insist(() =>
        createTransport({ host: '127.0.0.1', port: this.#mailPort, ignoreTLS: true }).sendMail(message),
      );
      return told;
    }
    const arrived = () => this.mails.mails.find(({ to }) => to.includes(email));
    await eventually('the mail comes', () => arrived() !== undefined, { timeoutMs: 60_000 });
    const found = arrived();
    return found === undefined ? '' : codeOf(found);
  }

  async confirm(email: string, code: string): Promise<Session> {
    const { session } = await this.insist(() =>
      call(this.own, this.own.confirm, { email, code }, new Metadata()),
    );
    if (session === undefined) throw new Error('no session was given');
    return session;
  }

  async refresh(refreshToken: string): Promise<Session> {
    const { session } = await this.insist(() =>
      call(this.own, this.own.refresh, { refreshToken }, new Metadata()),
    );
    if (session === undefined) throw new Error('no session was given');
    return session;
  }

  /** Makes the profile of who calls, through the public port. */
  async createProfile(email: string, jwt: string): Promise<string> {
    const made = await this.insist(() => call(this.storage, this.storage.createUser, { email }, shows(jwt)));
    return made.error ?? '';
  }

  /** Asks again while nobody answers, as clients do. */
  async insist<T>(work: () => Promise<T>): Promise<T> {
    let refused: unknown;
    const answer = await eventually(
      'an answer',
      async () => {
        try {
          return { value: await work() };
        } catch (thrown) {
          const nobody = isForNow(thrown);
          if (nobody) return undefined;
          refused = thrown;
          return { value: undefined };
        }
      },
      { timeoutMs: 40_000 },
    );
    if (refused !== undefined || answer.value === undefined) throw refused ?? new Error('no answer');
    return answer.value;
  }

  async stop(): Promise<void> {
    for (const client of [this.auth, this.own, this.storage]) client.close();
    await this.fleet.stop();
    await this.mails.stop();
    await this.#dns.stop();
  }
}
