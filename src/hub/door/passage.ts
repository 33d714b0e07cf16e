import type { Identity } from '../../auth/identity.js';
import { nodeCallDenied } from '../../auth/policy.js';
import { nodeName } from '../../bus/messages.js';
import { ago } from '../ago.js';
import { grantedLabels } from '../covered.js';
import type { NodeView } from '../node-view.js';
import { serves } from '../pool.js';
import { type DoorRefusal, refusalStatus } from './refusal.js';

/** Why a call may not go to the node now; undefined: it may. A view is only there for a name that was validated. */
export function mayNotPass(
  node: string,
  view: NodeView | undefined,
  path: string,
  identity: Identity,
): DoorRefusal | undefined {
  if (view === undefined) {
    const checked = nodeName.safeParse(node);
    if (!checked.success) {
      const reason = checked.error.issues[0]?.message ?? 'it is no node name';
      const message = `${JSON.stringify(node.slice(0, 64))} names no node: ${reason}`;
      return { status: refusalStatus.invalidArgument, code: 'NODE_NAME_INVALID', message };
    }
  }
  const message = nodeCallDenied(identity, node, grantedLabels(view), path);
  if (message !== undefined) {
    return { status: refusalStatus.permissionDenied, code: 'PERMISSION_DENIED', message };
  }
  if (view === undefined) return unavailable('NODE_UNKNOWN', `node '${node}' is not known here`);
  if (view.ready.length === 0) return notThere(node, view);
  if (!view.ready.some((place) => serves(place, path))) {
    const message = `no instance of node '${node}' serves ${path}`;
    return { status: refusalStatus.unimplemented, code: 'NOT_SERVED', message };
  }
  return undefined;
}

/** Why no instance of a known node takes calls. */
function notThere(node: string, view: NodeView): DoorRefusal {
  if (view.entry.revokedAtMs !== undefined) return unavailable('NODE_REVOKED', `node '${node}' was revoked`);
  const standings = [...view.instances.values()].map((one) => view.standing(one));
  // One that is ready takes no calls where somebody drains the node.
  if (standings.includes('joining') && !standings.includes('ready')) {
    return unavailable('NODE_JOINING', `node '${node}' is about to join and takes no calls yet`);
  }
  if (standings.includes('draining') || standings.includes('ready')) {
    return unavailable('NODE_DRAINING', `node '${node}' is about to leave and takes no new calls`);
  }
  const seen = view.lastSeenAtMs === 0 ? 'never seen' : `last seen ${ago(view.lastSeenAtMs, Date.now())}`;
  return unavailable('NODE_OFFLINE', `node '${node}' is not connected (${seen})`);
}

function unavailable(code: string, message: string): DoorRefusal {
  return { status: refusalStatus.unavailable, code, message };
}
