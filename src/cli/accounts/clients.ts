import { credentials } from '@grpc/grpc-js';
import type { HubConnection } from '../../client/hub-connection.js';
import { AccountAuthenticationServiceClient } from '../../gen/account_auth_service/account_auth_service.js';
import { AccountStorageClient } from '../../gen/postern/v1/account_storage.js';
import { AccountsClient } from '../../gen/postern/v1/accounts.js';

/** The services of authentication and what removes an account, over a connection that is there already. */
export function accountClients({ target, client }: HubConnection) {
  const insecure = credentials.createInsecure();
  const shared = { channelOverride: client.getChannel() };
  return {
    contract: new AccountAuthenticationServiceClient(target.address, insecure, shared),
    own: new AccountsClient(target.address, insecure, shared),
    storage: new AccountStorageClient(target.address, insecure, shared),
  };
}
