import type { ProtocolServiceServer } from '../../gen/weshnet/protocol/v1/protocol.js';
import {
  GroupDeviceStatus_Reply,
  GroupDeviceStatus_Reply_PeerConnected,
  GroupDeviceStatus_Reply_PeerDisconnected,
  GroupDeviceStatus_Type,
  type ServiceGetConfiguration_Reply,
  ServiceGetConfiguration_SettingState,
  SystemInfo_Reply,
} from '../../gen/weshnet/protocol/v1/types.js';
import { peerIdOf } from '../identity.js';
import type { Parts } from './parts.js';
import type { Calls, Out } from './status.js';

type PeerMethods = Pick<
  ProtocolServiceServer,
  'serviceGetConfiguration' | 'instanceGetConfiguration' | 'groupDeviceStatus' | 'peerList' | 'systemInfo'
>;

/** The methods about this daemon and its peers. */
export function peerMethods(parts: Parts, calls: Calls): PeerMethods {
  const { peers, groups, identity } = parts;
  const configuration = calls.unary(() => configurationOf(parts));
  return {
    serviceGetConfiguration: configuration,
    instanceGetConfiguration: configuration,
    groupDeviceStatus: calls.streaming(async ({ groupPk }, out) => {
      const id = groups.live(groupPk).keys.publicKey;
      await followPeers(parts, id, out);
    }),
    peerList: calls.unary(() => ({
      peers: peers.sessions().map(({ link }) => ({
        id: peerIdOf(link.remote.key),
        routes: [{ isActive: true, address: link.address }],
      })),
    })),
    systemInfo: calls.unary(() => {
      const entries = groups.get(identity.accountGroup.publicKey).live?.index.arrived.length ?? 0;
      return SystemInfo_Reply.fromPartial({
        process: { version: parts.version, startedAt: parts.startedAtMs, pid: process.pid },
        p2p: { connectedPeers: peers.sessions().length },
        orbitdb: { accountMetadata: { progress: entries, maximum: entries } },
      });
    }),
  };
}

function configurationOf({ identity, peers }: Parts): ServiceGetConfiguration_Reply {
  const { Enabled, Disabled, Unavailable } = ServiceGetConfiguration_SettingState;
  const isRelayed = peers.sessions().some(({ link }) => link.remote.role === 'relay');
  return {
    accountPk: identity.account.publicKey,
    devicePk: identity.device.publicKey,
    accountGroupPk: identity.accountGroup.publicKey,
    peerId: identity.peerId,
    listeners: peers.addresses(),
    bleEnabled: Unavailable,
    wifiP2pEnabled: Unavailable,
    mdnsEnabled: Unavailable,
    relayEnabled: isRelayed ? Enabled : Disabled,
  };
}

/** Tells of the peers that have the group, now and as they come and go, until the client is gone. */
async function followPeers(
  { peers }: Parts,
  groupPk: Buffer,
  out: Out<GroupDeviceStatus_Reply>,
): Promise<void> {
  const told = new Set<string>();
  let wake: () => void = () => {};
  const stop = peers.onChange(() => wake());
  const gone = (): void => wake();
  out.signal.addEventListener('abort', gone);
  try {
    while (!out.signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const there = new Set(
        peers
          .sessions()
          .filter(({ sync }) => sync.common.some(({ keys }) => keys.publicKey.equals(groupPk)))
          .map(({ link }) => peerIdOf(link.remote.key)),
      );
      for (const peerId of there) if (!told.has(peerId)) await out.write(connected(peerId));
      for (const peerId of told) if (!there.has(peerId)) await out.write(disconnected(peerId));
      told.clear();
      for (const peerId of there) told.add(peerId);
      await changed;
    }
  } finally {
    stop();
    out.signal.removeEventListener('abort', gone);
  }
}

function connected(peerId: string): GroupDeviceStatus_Reply {
  const event = GroupDeviceStatus_Reply_PeerConnected.fromPartial({ peerId });
  return GroupDeviceStatus_Reply.fromPartial({
    type: GroupDeviceStatus_Type.TypePeerConnected,
    event: Buffer.from(GroupDeviceStatus_Reply_PeerConnected.encode(event).finish()),
  });
}

function disconnected(peerId: string): GroupDeviceStatus_Reply {
  return GroupDeviceStatus_Reply.fromPartial({
    type: GroupDeviceStatus_Type.TypePeerDisconnected,
    event: Buffer.from(GroupDeviceStatus_Reply_PeerDisconnected.encode({ peerId }).finish()),
  });
}
