import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type AccountsPlaces, startAccounts } from '../../../src/accounts/accounts.js';
import type { AccountsConfigInput } from '../../../src/accounts/config.js';
import { AssertionSigner, readAssertionKeys } from '../../../src/auth/assertion.js';
import { loadOrCreateCallerKey, loadOrCreateSigningKey } from '../../../src/auth/caller-tokens.js';
import { AccountAuthenticationServiceClient } from '../../../src/gen/account_auth_service/account_auth_service.js';
import { AccountsClient } from '../../../src/gen/postern/v1/accounts.js';
import { startTestNats, type TestNats, testLog } from '../../support/nats.js';

/** A process of account services on free ports, with clients of its authentication. */
export interface Accounts {
  readonly places: AccountsPlaces;
  readonly auth: AccountAuthenticationServiceClient;
  readonly own: AccountsClient;
  readonly rest: string;
  stop(): Promise<void>;
}

/** A NATS server, keys, and account processes on them. */
export interface Stage {
  readonly nats: TestNats;
  /** Unix milliseconds of all processes, which tests may move. */
  readonly clock: { nowMs: number };
  readonly signer: AssertionSigner;
  start(config?: Partial<AccountsConfigInput>): Promise<Accounts>;
  stop(): Promise<void>;
}

const anywhere = {
  rest: ['127.0.0.1:0'],
  auth: ['127.0.0.1:0'],
  storage: ['127.0.0.1:0'],
  rooms: ['127.0.0.1:0'],
};

/** Sets the stage; codes are told to whoever asks, where nothing else is said. */
export async function setStage(): Promise<Stage> {
  const nats = await startTestNats();
  const dir = await mkdtemp(join(tmpdir(), 'postern-accounts-'));
  const hubKey = await loadOrCreateCallerKey(dir);
  const signer = new AssertionSigner(hubKey);
  const key = await loadOrCreateSigningKey(dir, 'accounts');
  const clock = { nowMs: Date.now() };
  const running: Accounts[] = [];
  return {
    nats,
    clock,
    signer,
    async start(config = {}) {
      const bus = await nats.accounts();
      const started = startAccounts(
        { listen: anywhere, mail: { by: 'nobody', codesInAnswersForTests: true }, ...config },
        {
          bus,
          key,
          assertionKeys: async () => readAssertionKeys(signer.publicKeys),
          log: testLog,
          now: () => clock.nowMs,
        },
      );
      const places = await started.ready;
      const [at = ''] = places.auth;
      const auth = new AccountAuthenticationServiceClient(at, credentials.createInsecure());
      const own = new AccountsClient(at, credentials.createInsecure());
      let stopped = false;
      const accounts: Accounts = {
        places,
        auth,
        own,
        rest: `http://${places.rest[0]}`,
        async stop() {
          if (stopped) return;
          stopped = true;
          auth.close();
          own.close();
          await started.stop();
          await bus.close();
        },
      };
      running.push(accounts);
      return accounts;
    },
    async stop() {
      for (const each of running) await each.stop();
      await nats.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Metadata with a token. */
export function bearer(jwt: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${jwt}`);
  return metadata;
}

/** Calls a method of a generated client. */
export function call<Q, P>(
  client: unknown,
  method: (
    request: Q,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: P) => void,
  ) => unknown,
  request: Q,
  metadata = new Metadata(),
): Promise<P> {
  return new Promise((resolve, reject) => {
    method.call(client, request, metadata, {}, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

/** Registers somebody where codes are told, and gives what their session goes on with. */
export async function register({ auth, own }: Accounts, email: string) {
  const begun = await call(auth, auth.userRegisterRequest, { email });
  const code = begun.theVerifyCodeTheUserNeedToSendBack;
  const { session } = await call(own, own.confirm, { email, code });
  if (session === undefined) throw new Error('no session was given');
  return session;
}
