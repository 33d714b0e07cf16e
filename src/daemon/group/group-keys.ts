import { createHmac, randomBytes } from 'node:crypto';
import { PosternError } from '../../errors.js';
import { Group } from '../../gen/weshnet/protocol/v1/types.js';
import { derive, isSignedBy, keyBytes, type SigningKey, signatureBytes, signingKey } from './keys.js';

/** What is known of a group: all of it by members, the public part by those who only hold its log. */
export interface GroupKeys {
  readonly publicKey: Buffer;
  /** Signs who is admitted. */
  readonly signPub: Buffer;
  /** By it holders of the log know each other. */
  readonly linkKey: Buffer;
  readonly linkKeySig: Buffer;
  /** Undefined for who is no member. */
  readonly member?: { readonly secret: Buffer; readonly secretSig: Buffer; readonly admits: SigningKey };
}

/** A new group, from a seed of its own or a random one. The group's private key is not kept: it has signed all it ever signs. */
export function createGroupKeys(seed: Uint8Array = randomBytes(keyBytes)): GroupKeys {
  const group = signingKey(seed);
  const secret = derive(seed, 'group secret', group.publicKey);
  const linkKey = linkKeyOf(secret, group.publicKey);
  const admits = signingKey(secret);
  return {
    publicKey: group.publicKey,
    signPub: admits.publicKey,
    linkKey,
    linkKeySig: group.sign(linkKey),
    member: { secret, secretSig: group.sign(secret), admits },
  };
}

/** Reads a group from an invitation. Throws `GROUP_INVALID`. */
export function groupKeysOf(group: Group): GroupKeys {
  const publicKey = Buffer.from(group.publicKey);
  const secret = Buffer.from(group.secret);
  if (publicKey.length !== keyBytes || secret.length !== keyBytes) {
    throw invalid(`a group has a key and a secret of ${keyBytes} bytes each`);
  }
  if (!isSignedBy(publicKey, secret, group.secretSig)) throw invalid('its secret is not signed by its key');
  const linkKey = linkKeyOf(secret, publicKey);
  const admits = signingKey(secret);
  if (group.linkKey.length > 0 && !linkKey.equals(group.linkKey)) {
    throw invalid('its link key does not belong to its secret');
  }
  if (group.signPub.length > 0 && !admits.publicKey.equals(group.signPub)) {
    throw invalid('its sign key does not belong to its secret');
  }
  const linkKeySig = Buffer.from(group.linkKeySig);
  if (linkKeySig.length > 0 && !isSignedBy(publicKey, linkKey, linkKeySig)) {
    throw invalid('its link key is not signed by its key');
  }
  const member = { secret, secretSig: Buffer.from(group.secretSig), admits };
  return { publicKey, signPub: admits.publicKey, linkKey, linkKeySig, member };
}

/** Reads the public part of a group, for who holds its log without reading it. Throws `GROUP_INVALID`. */
export function publicKeysOf(group: {
  groupPk: Uint8Array;
  signPub: Uint8Array;
  linkKey: Uint8Array;
  linkKeySig: Uint8Array;
}): GroupKeys {
  const [publicKey, signPub, linkKey, linkKeySig] = [
    group.groupPk,
    group.signPub,
    group.linkKey,
    group.linkKeySig,
  ].map((bytes) => Buffer.from(bytes));
  if (!publicKey || !signPub || !linkKey || !linkKeySig) throw invalid('a part of it is missing');
  if ([publicKey, signPub, linkKey].some(({ length }) => length !== keyBytes)) {
    throw invalid(`each of its keys has ${keyBytes} bytes`);
  }
  if (linkKeySig.length !== signatureBytes || !isSignedBy(publicKey, linkKey, linkKeySig)) {
    throw invalid('its link key is not signed by its key');
  }
  return { publicKey, signPub, linkKey, linkKeySig };
}

/** The group as invitations tell it. */
export function toGroup(keys: GroupKeys, groupType: Group['groupType']): Group {
  return Group.fromPartial({
    publicKey: keys.publicKey,
    secret: keys.member?.secret ?? Buffer.alloc(0),
    secretSig: keys.member?.secretSig ?? Buffer.alloc(0),
    groupType,
    signPub: keys.signPub,
    linkKey: keys.linkKey,
    linkKeySig: keys.linkKeySig,
  });
}

/** By this name a rendezvous point knows a group, without knowing the group. */
export function topicOf(keys: GroupKeys): Buffer {
  return createHmac('sha256', keys.linkKey).update('topic').digest();
}

function linkKeyOf(secret: Uint8Array, publicKey: Uint8Array): Buffer {
  return derive(secret, 'link key', publicKey);
}

function invalid(why: string): PosternError {
  return new PosternError('GROUP_INVALID', `this is no group: ${why}`, {
    hint: 'take the invitation as another member made it',
  });
}
