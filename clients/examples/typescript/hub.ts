import { readFileSync } from 'node:fs';
import { type ChannelCredentials, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  AccountAuthenticationServiceClient,
  type RegisterConfirmResponse,
  type RegisterResponse,
} from '../../gen/typescript/account_auth_service/account_auth_service.js';
import {
  FluentdClient,
  type FluentdStartResponse,
  fluentdStartStatusToJSON,
} from '../../gen/typescript/external/fluentd.js';
import {
  ActivityClient,
  ActivityConnectRequest,
  ActivityType,
} from '../../gen/typescript/internal/activity.js';
import { HubClient, type HubListClientsResponse } from '../../gen/typescript/internal/hub.js';

/** Where a hub is, HOST:PORT, how to reach it, and who calls. */
export interface Caller {
  readonly address: string;
  readonly security: ChannelCredentials;
  readonly token: string;
  readonly seconds: number;
}

/** With TLS where a file names the authorities to trust, else without. */
export function security(caFile?: string): ChannelCredentials {
  return caFile === undefined ? credentials.createInsecure() : credentials.createSsl(readFileSync(caFile));
}

/** A call to a node: the metadata `name` says to which. */
export async function start({ address, security, token, seconds }: Caller, node: string): Promise<string> {
  const client = new FluentdClient(address, security);
  const metadata = Metadata.fromHttp2Headers({ authorization: `Bearer ${token}`, name: node });
  const answer = await answered<FluentdStartResponse>((done) =>
    client.start({}, metadata, { deadline: Date.now() + seconds * 1000 }, done),
  );
  return fluentdStartStatusToJSON(answer.status);
}

/** A call without a name is for the hub itself. */
export async function nodes({ address, security, token, seconds }: Caller): Promise<string[]> {
  const client = new HubClient(address, security);
  const metadata = Metadata.fromHttp2Headers({ authorization: `Bearer ${token}` });
  const answer = await answered<HubListClientsResponse>((done) =>
    client.listClients({}, metadata, { deadline: Date.now() + seconds * 1000 }, done),
  );
  return answer.clients.map(({ name }) => name);
}

/** A server stream: calls that end from now on. Its metadata come at once, and say where it begins. Leaving it ends it. */
export async function* watch({ address, security, token }: Caller): AsyncGenerator<string> {
  const client = new ActivityClient(address, security);
  const metadata = Metadata.fromHttp2Headers({ authorization: `Bearer ${token}` });
  const types = [ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED];
  const events = client.connect(ActivityConnectRequest.create({ types }), metadata);
  const begun = new Promise<Metadata>((resolve, reject) =>
    events.once('metadata', resolve).once('error', reject),
  );
  try {
    yield `from ${(await begun).get('x-postern-cursor').join()}`;
    for await (const event of events) yield event.message;
  } finally {
    events.cancel();
  }
}

/** An account service behind the hub, which is called by its host name. This method needs no token. */
export function register({ address, security, seconds }: Caller, email: string): Promise<RegisterResponse> {
  const accounts = new AccountAuthenticationServiceClient(address, security);
  return answered((done) =>
    accounts.userRegisterRequest({ email }, new Metadata(), { deadline: Date.now() + seconds * 1000 }, done),
  );
}

/** Ends a registration; the answer has a token for the hub's other services. */
export function confirm(caller: Caller, email: string, code: string): Promise<RegisterConfirmResponse> {
  const accounts = new AccountAuthenticationServiceClient(caller.address, caller.security);
  const proof = { email, theVerifyCodeTheUserNeedToSendBack: code };
  const deadline = Date.now() + caller.seconds * 1000;
  return answered((done) => accounts.userRegisterConfirm(proof, new Metadata(), { deadline }, done));
}

/** What went wrong. `x-postern-error` is the hub's word; without it the server has spoken, or the network. */
export function why(error: ServiceError): string {
  const [code = '-'] = error.metadata.get('x-postern-error');
  return `${status[error.code]} ${code}: ${error.details}`;
}

/** A call as a promise. */
function answered<Answer>(
  call: (done: (error: ServiceError | null, answer: Answer) => void) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}
