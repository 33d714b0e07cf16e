import { adminTokenCheck } from './admin-token.js';
import type { Check } from './check.js';
import { contextsCheck } from './contexts.js';
import { dataFilesCheck } from './data-files.js';
import { hubAddressCheck } from './hub-address.js';
import { clockCheck, hubHealthCheck } from './hub-health.js';
import { hubTlsCheck } from './hub-tls.js';
import { hubTokenCheck, nodesCheck } from './hub-token.js';
import { keysCheck } from './keys.js';
import { leftoversCheck } from './leftovers.js';
import { natsServerCheck } from './nats-server.js';
import { nodeVersionCheck } from './node-version.js';
import { portsCheck } from './ports.js';
import { proxiesCheck } from './proxies.js';

/** Every check of `postern doctor`: this machine first, then the way to the hub, then what it says. */
export const checks: readonly Check[] = [
  nodeVersionCheck,
  proxiesCheck,
  contextsCheck,
  dataFilesCheck,
  keysCheck,
  adminTokenCheck,
  natsServerCheck,
  leftoversCheck,
  portsCheck,
  hubAddressCheck,
  hubTlsCheck,
  hubHealthCheck,
  clockCheck,
  hubTokenCheck,
  nodesCheck,
];
