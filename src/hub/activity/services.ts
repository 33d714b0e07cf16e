import { PosternError } from '../../errors.js';
import type { ActivityServer } from '../../gen/internal/activity.js';
import type { HubServer } from '../../gen/internal/hub.js';
import type { Logger } from '../../log.js';
import type { Nodes } from '../nodes.js';
import { streaming } from '../own-calls.js';
import { listClients } from './clients.js';

/** `internal.Hub` and `internal.Activity`. */
export function activityServices(nodes: Nodes, log: Logger): { hub: HubServer; activity: ActivityServer } {
  const none = () => {
    throw new PosternError('STORE_UNAVAILABLE', 'no activity is kept here');
  };
  return {
    hub: {
      listClients: listClients(nodes, log),
      streamActivityFeed: streaming(['operate', 'trace'], log, none),
    },
    activity: { connect: streaming(['operate', 'trace'], log, none) },
  };
}
