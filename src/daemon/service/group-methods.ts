import type { ProtocolServiceServer } from '../../gen/weshnet/protocol/v1/protocol.js';
import type { GroupMessageEvent } from '../../gen/weshnet/protocol/v1/types.js';
import { cidOf } from '../group/cid.js';
import { toGroup } from '../group/group-keys.js';
import { OwnDevice } from '../group/own-device.js';
import { idOf } from '../misbehave/faulty-sender.js';
import { Swapper } from '../misbehave/swapper.js';
import { messageEvent, metadataEvent } from './events.js';
import { listEntries } from './lists.js';
import type { Parts } from './parts.js';
import { argumentInvalid, type Calls } from './status.js';

type GroupMethods = Pick<
  ProtocolServiceServer,
  | 'multiMemberGroupCreate'
  | 'multiMemberGroupJoin'
  | 'multiMemberGroupLeave'
  | 'activateGroup'
  | 'deactivateGroup'
  | 'groupInfo'
  | 'groupMessageList'
  | 'groupMetadataList'
  | 'appMessageSend'
>;

/** The methods about groups and what is in them. */
export function groupMethods(
  { identity, groups, sender, media, plan, truth }: Parts,
  calls: Calls,
): GroupMethods {
  return {
    multiMemberGroupCreate: calls.unary(async () => ({ groupPk: (await groups.create()).keys.publicKey })),
    multiMemberGroupJoin: calls.unary(async ({ group }) => {
      if (group === undefined) throw argumentInvalid('group is missing');
      await groups.join(group);
      return {};
    }),
    multiMemberGroupLeave: calls.unary(async ({ groupPk }) => {
      await groups.leave(groupPk);
      return {};
    }),
    activateGroup: calls.unary(async ({ groupPk, localOnly }) => {
      await groups.activate(groupPk, localOnly);
      return {};
    }),
    deactivateGroup: calls.unary(async ({ groupPk }) => {
      await groups.deactivate(groupPk);
      return {};
    }),
    groupInfo: calls.unary(({ groupPk, contactPk }) => {
      if (contactPk.length > 0) throw argumentInvalid('contact_pk: this daemon has no contacts');
      const { keys, groupType } = groups.get(groupPk).record;
      const own = keys.member && new OwnDevice(identity.seeds, keys.publicKey);
      return {
        group: toGroup(keys, groupType),
        memberPk: own?.member.publicKey ?? Buffer.alloc(0),
        devicePk: own?.device.publicKey ?? Buffer.alloc(0),
      };
    }),
    groupMessageList: calls.streaming(async (request, out) => {
      const group = groups.live(request.groupPk);
      const swapper = plan.has('reorder')
        ? new Swapper<GroupMessageEvent>(plan, truth, (event) => out.write(event))
        : undefined;
      try {
        await listEntries(group, request, out, async (entry, live) => {
          const event = await messageEvent(group, entry, media);
          if (event === undefined) return;
          if (live && swapper !== undefined) await swapper.pass(event, entry.author.id, idOf(entry.hash));
          else await out.write(event);
        });
      } finally {
        swapper?.stop();
      }
    }),
    groupMetadataList: calls.streaming(async (request, out) => {
      const group = groups.live(request.groupPk);
      await listEntries(group, request, out, async (entry) => {
        const event = await metadataEvent(group, entry);
        if (event !== undefined) await out.write(event);
      });
    }),
    appMessageSend: calls.unary(async ({ groupPk, payload }) => {
      const hash = await sender.send(groups.live(groupPk), payload);
      return { cid: cidOf(hash) };
    }),
  };
}
