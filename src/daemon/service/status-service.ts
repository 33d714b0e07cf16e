import type { DaemonServiceServer } from '../../gen/postern/daemon/v1/daemon.js';
import { peerIdOf } from '../identity.js';
import type { Parts } from './parts.js';
import type { Calls } from './status.js';

/** `postern.daemon.v1.DaemonService`. */
export function daemonService(
  { identity, role, peers, groups, counts }: Parts,
  calls: Calls,
): DaemonServiceServer {
  return {
    getStatus: calls.unary(() => ({
      peerId: identity.peerId,
      role,
      addresses: peers.addresses(),
      groups: groups.all().map(({ record, live }) => ({
        groupPk: record.keys.publicKey,
        active: live !== undefined,
        member: record.keys.member !== undefined,
        entries: live?.index.arrived.length ?? 0,
        digest: live?.index.digest() ?? Buffer.alloc(0),
        authors: [...(live?.index.authors.values() ?? [])].filter(({ entries }) => entries.length > 0).length,
      })),
      peers: peers.sessions().map(({ link, sync }) => ({
        peerId: peerIdOf(link.remote.key),
        role: link.remote.role,
        address: link.address,
        groups: sync.common.length,
      })),
      counts: counts.all(),
      nowMs: Date.now(),
    })),
    connectPeer: calls.unary(({ address }) => {
      peers.connect(address);
      return {};
    }),
    forgetPeer: calls.unary(({ address }) => {
      peers.forget(address);
      return {};
    }),
  };
}
