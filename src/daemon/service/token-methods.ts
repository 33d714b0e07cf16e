import { PosternError } from '../../errors.js';
import type { MessengerServiceServer } from '../../gen/berty/messenger/v1/messenger.js';
import type { ProtocolServiceServer } from '../../gen/weshnet/protocol/v1/protocol.js';
import { AuthFlow } from './auth-flow.js';
import type { Parts } from './parts.js';
import { argumentInvalid, type Calls } from './status.js';
import type { KeptToken } from './tokens.js';

/** The service of `KeptToken` for replication, as token servers name it. */
export const replicationType = 'rpl';

type Shared = Pick<
  MessengerServiceServer,
  'authServiceInitFlow' | 'authServiceCompleteFlow' | 'debugAuthServiceSetToken'
>;

/** The methods about service tokens; in old versions the protocol service has them, in new ones the messenger. */
export function tokenMethods(
  { tokens, identity }: Parts,
  calls: Calls,
): Shared & {
  protocolTokens: ProtocolServiceServer['servicesTokenList'];
  messengerTokens: MessengerServiceServer['servicesTokenList'];
} {
  const flow = new AuthFlow();
  return {
    authServiceInitFlow: calls.unary(({ authUrl, services }) => {
      const page = flow.begin(authUrl, services);
      return { url: page.href, secureUrl: page.protocol === 'https:' };
    }),
    authServiceCompleteFlow: calls.unary(async ({ callbackUrl }) => {
      const { answer, authUrl } = await flow.complete(callbackUrl);
      return { tokenId: await tokens.add(answer, authUrl) };
    }),
    debugAuthServiceSetToken: calls.unary(async ({ token, authenticationUrl }) => {
      if (token === undefined) throw argumentInvalid('token is missing');
      await tokens.add(token, authenticationUrl);
      return {};
    }),
    protocolTokens: calls.streaming(async (_, out) => {
      for (const each of tokens.all()) await out.write({ tokenId: each.id, service: shown(each) });
    }),
    messengerTokens: calls.streaming(async (_, out) => {
      for (const each of tokens.all()) {
        const service = { accountPk: identity.account.publicKey, tokenId: each.id, ...shown(each) };
        await out.write({ tokenId: each.id, service });
      }
    }),
  };
}

/** Has a replication server hold a group, and remembers it. Throws `REPLICATION_REFUSED`, `REPLICATION_DENIED`. */
export async function replicate(
  { groups, peers }: Parts,
  groupPk: Uint8Array,
  { address, token }: { address: string; token: string },
): Promise<void> {
  groups.live(groupPk);
  await peers.replicate(address, groupPk, token);
  await groups.addReplica(groupPk, { address, token });
}

/** Where a token's replication server is. Throws `ARGUMENT_INVALID`. */
export function replicaOf(kept: KeptToken): { address: string; token: string } {
  const service = kept.services.find(({ type }) => type === replicationType);
  if (service !== undefined) return { address: service.endpoint, token: kept.token };
  throw new PosternError('ARGUMENT_INVALID', `token '${kept.id}' is not good for replication`);
}

function shown({ token, authenticationUrl, services, expiresAt }: KeptToken): {
  token: string;
  authenticationUrl: string;
  supportedServices: { serviceType: string; serviceEndpoint: string }[];
  expiration: number;
} {
  const supportedServices = services.map(({ type, endpoint }) => ({
    serviceType: type,
    serviceEndpoint: endpoint,
  }));
  return { token, authenticationUrl, supportedServices, expiration: expiresAt ?? -1 };
}
