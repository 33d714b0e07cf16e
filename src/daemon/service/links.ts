import { BertyLink, BertyLink_Kind } from '../../gen/berty/messenger/v1/messenger.js';
import { GroupType } from '../../gen/weshnet/protocol/v1/types.js';
import { type GroupKeys, toGroup } from '../group/group-keys.js';
import { decoded } from '../group/metadata.js';
import { argumentInvalid } from './status.js';

const internalPrefix = 'berty://pb/';
const webPrefix = 'https://berty.tech/id#group/';

/** An invitation to a group, in its three forms. */
export function linkTo(
  keys: GroupKeys,
  displayName: string,
): { link: BertyLink; internalUrl: string; webUrl: string } {
  const link = BertyLink.fromPartial({
    kind: BertyLink_Kind.GroupV1Kind,
    bertyGroup: { group: toGroup(keys, GroupType.GroupTypeMultiMember), displayName },
  });
  const text = Buffer.from(BertyLink.encode(link).finish()).toString('base64url');
  return {
    link,
    internalUrl: `${internalPrefix}${text}`,
    webUrl: `${webPrefix}${text}/name=${encodeURIComponent(displayName)}`,
  };
}

/** The group of an invitation in the form of a URL. Throws `ARGUMENT_INVALID`. */
export function groupOfLink(url: string): NonNullable<BertyLink['bertyGroup']> {
  const prefix = [internalPrefix, webPrefix].find((each) => url.toLowerCase().startsWith(each));
  const [text = ''] = prefix === undefined ? [] : url.slice(prefix.length).split('/');
  const link = decoded(() => BertyLink.decode(Buffer.from(text, 'base64url')));
  const group = link?.kind === BertyLink_Kind.GroupV1Kind ? link.bertyGroup : undefined;
  if (group?.group === undefined) throw argumentInvalid('link is no invitation to a group');
  return group;
}

/** A conversation's name among clients. */
export function conversationOf(groupPk: Uint8Array): string {
  return Buffer.from(groupPk).toString('base64url');
}

/** The group of a conversation. Throws `ARGUMENT_INVALID`. */
export function groupOfConversation(text: string): Buffer {
  const groupPk = Buffer.from(text, 'base64url');
  if (groupPk.length === 32) return groupPk;
  throw argumentInvalid(
    'conversation_public_key is not the base64 (for URLs, without padding) of a key of 32 bytes',
  );
}
