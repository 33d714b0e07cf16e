import { Metadata } from '@grpc/grpc-js';
import { nodeMachine } from '../../machines/node.js';
import { tagsOf } from '../../machines/state-tags.js';
import type { Role } from '../auth/identity.js';
import { PosternError } from '../errors.js';
import type { Node, NodesServiceServer, WatchNodesResponse } from '../gen/postern/v1/nodes.js';
import type { Logger } from '../log.js';
import type { Operated } from '../operating.js';
import { type Asked, auditedMethods } from './audited-calls.js';
import type { Caller } from './caller-metadata.js';
import { covers } from './covered.js';
import type { NodeView } from './node-view.js';
import type { Nodes } from './nodes.js';
import { streaming, unary } from './own-calls.js';

/** Who may see nodes: whoever calls them, or watches the machines that they are. */
const lookers: readonly Role[] = ['call', 'trace'];
/** Changes of one node within this time are told as one, in milliseconds. */
const settleMs = 50;

/** `postern.v1.NodesService`: shows the nodes that the caller may call. */
export function nodesService(
  nodes: Nodes,
  /** Round trip of the tunnel of an instance in milliseconds; undefined where it has none to this hub. */
  tunnelMs: (instance: string) => number | undefined,
  /** Hears of what is done to nodes. */
  told: (operated: Operated) => void,
  log: Logger,
): NodesServiceServer {
  /** Throws `PERMISSION_DENIED` where the caller has no business with the node. */
  const mustCover = (caller: Caller, node: string): void => {
    if (covers(caller, node, nodes)) return;
    throw new PosternError('PERMISSION_DENIED', `'${caller.subject}' may do nothing about node '${node}'`);
  };
  const nodeOf = (view: NodeView): Node => shown(view, tunnelMs);
  const audited = auditedMethods(told, log);
  return {
    listNodes: unary(lookers, log, ({ name }, caller) => {
      const wanted = [...nodes.all()].filter(
        (view) => (name === '' || view.name === name) && covers(caller, view.name, nodes),
      );
      return { nodes: wanted.map(nodeOf).sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }),
    watchNodes: streaming(lookers, log, ({ name }, caller, out) => {
      // Who watches learns at once that it is heard, be there nodes or none.
      out.head(new Metadata());
      const wanted = (node: string) => (name === '' || node === name) && covers(caller, node, nodes);
      return watch(nodes, { wanted, nodeOf }, (message) => out.write(message));
    }),
    revokeNode: audited({
      role: 'admin',
      about: ({ name }) => asked(name, 'RevokeNode', 'REVOKED'),
      work: async ({ name, key }, caller) => {
        mustCover(caller, name);
        const instances = await nodes.revoke(name, key === '' ? undefined : key);
        log.info({ node: name, key: key === '' ? undefined : key, by: caller.subject }, 'a node was revoked');
        const what = key === '' ? 'it is revoked' : `its key ${key} is revoked`;
        return [{ instances }, `${what}, sessions ended: ${instances}`];
      },
    }),
    kickNode: audited({
      // Who kicks a node takes nothing that does not come back; a bar is a revocation for a time.
      role: ({ barMs }) => (barMs > 0 ? 'admin' : 'operate'),
      about: ({ name }) => asked(name, 'KickNode', 'KICK_ASKED'),
      work: async ({ name, instance, barMs }, caller) => {
        mustCover(caller, name);
        const instances = await nodes.kick(name, instance === '' ? undefined : instance, barMs);
        log.info({ node: name, instances, barMs, by: caller.subject }, 'a node was kicked');
        const bar = barMs === 0 ? '' : `, barred for ${Math.ceil(barMs / 1000)} s`;
        return [{ instances }, `sessions ended: ${instances.join(', ') || 'none'}${bar}`];
      },
    }),
    allowNode: audited({
      role: 'admin',
      about: ({ name }) => asked(name, 'AllowNode', 'ALLOWED'),
      work: async ({ name }, caller) => {
        mustCover(caller, name);
        await nodes.allow(name);
        log.info({ node: name, by: caller.subject }, 'a node may join again');
        return [{}, 'it may join again, by a new key'];
      },
    }),
  };
}

function asked(node: string, method: string, event: string): Asked {
  return { node, method: `postern.v1.NodesService/${method}`, actor: `node/${node}`, event };
}

/** Sends every wanted node, then those that change; what changes while the reader is slow is sent once. */
function watch(
  nodes: Nodes,
  { wanted, nodeOf }: { wanted: (name: string) => boolean; nodeOf: (view: NodeView) => Node },
  write: (message: WatchNodesResponse) => boolean,
): { stop: () => void; drained: () => void } {
  const names = [...nodes.all()].map((view) => view.name).sort();
  const due = new Set(names.filter(wanted));
  let blocked = false;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    for (const name of due) {
      if (blocked) return;
      due.delete(name);
      const view = nodes.view(name);
      if (view !== undefined) blocked = !write({ node: nodeOf(view) });
    }
  };
  const stopListening = nodes.onChange((name) => {
    if (!wanted(name)) return;
    due.add(name);
    if (!blocked) timer ??= setTimeout(flush, settleMs);
  });
  timer = setTimeout(flush, 0);
  return {
    stop: () => {
      stopListening();
      clearTimeout(timer);
    },
    drained: () => {
      blocked = false;
      flush();
    },
  };
}

/** A node as the API shows it. */
function shown(view: NodeView, tunnelMs: (instance: string) => number | undefined): Node {
  const { entry } = view;
  return {
    name: view.name,
    state: view.state,
    tags: tagsOf(nodeMachine, view.state),
    labels: entry.labels,
    createdAtMs: entry.createdAtMs,
    lastSeenAtMs: view.lastSeenAtMs,
    calls: view.openCalls,
    keys: entry.keys.map(({ key, boundAtMs, token }) => ({ key, boundAtMs, token })),
    instances: [...view.instances.values()].flatMap((instance) => {
      const standing = view.standing(instance);
      if (standing === undefined) return [];
      const { id, epoch, sinceMs, version, transport, services, hub = '' } = instance.entry;
      const roundTripUs = (view.watch?.roundTripUs(id) ?? 0) + Math.round(1000 * (tunnelMs(id) ?? 0));
      return [
        {
          id,
          epoch,
          standing,
          sinceMs,
          version,
          transport,
          services,
          roundTripUs,
          calls: instance.openCalls,
          hub,
        },
      ];
    }),
  };
}
