import { GroupDeviceChainKeyAdded, GroupMemberDeviceAdded } from '../../gen/weshnet/protocol/v1/types.js';
import { derive, isSignedBy, type SealingKey, type SigningKey, sealingKey, signingKey } from './keys.js';
import { type ChainPlace, sealTo, unsealFrom } from './sealing.js';

/** From these all keys of this daemon in all groups are made. */
export interface Seeds {
  readonly account: Buffer;
  readonly device: Buffer;
}

/** This device and its member in one group; in another group nobody can tell that they are the same. */
export class OwnDevice {
  readonly device: SigningKey;
  readonly member: SigningKey;
  /** Where the chain of its message keys begins. */
  readonly firstPlace: ChainPlace;
  /** Counter of its first message. */
  readonly firstCounter: number;
  readonly #sealing: SealingKey;
  readonly #group: Buffer;

  constructor(seeds: Seeds, group: Buffer) {
    this.#group = group;
    this.device = signingKey(derive(seeds.device, 'device', group));
    this.member = signingKey(derive(seeds.account, 'member', group));
    this.#sealing = sealingKey(derive(seeds.account, 'sealing', group));
    this.firstPlace = { index: 0, chain: derive(seeds.device, 'chain', group) };
    this.firstCounter = derive(seeds.device, 'counter', group).readUInt16BE(0);
  }

  /** The event by which it introduces itself. */
  introduction(): Buffer {
    return Buffer.from(
      GroupMemberDeviceAdded.encode(
        GroupMemberDeviceAdded.fromPartial({
          memberPk: this.member.publicKey,
          devicePk: this.device.publicKey,
          memberSig: this.member.sign(
            introductionText(this.#group, this.device.publicKey, this.#sealing.publicKey),
          ),
          sealingPk: this.#sealing.publicKey,
        }),
      ).finish(),
    );
  }

  /** The event that lets a member read from a place on; undefined where its key is none. */
  chainKeyFor(member: Member, place: ChainPlace): Buffer | undefined {
    const plain = Buffer.alloc(8 + place.chain.length);
    plain.writeBigUInt64BE(BigInt(place.index));
    plain.set(place.chain, 8);
    const payload = sealTo(member.sealingKey, plain, this.#group);
    if (payload === undefined) return undefined;
    const devicePk = this.device.publicKey;
    return Buffer.from(
      GroupDeviceChainKeyAdded.encode(
        GroupDeviceChainKeyAdded.fromPartial({ devicePk, destMemberPk: member.key, payload }),
      ).finish(),
    );
  }

  /** The place in such an event of another device; undefined where it is not for this member. */
  openChainKey(event: GroupDeviceChainKeyAdded): ChainPlace | undefined {
    if (!this.member.publicKey.equals(event.destMemberPk)) return undefined;
    const plain = unsealFrom(this.#sealing, event.payload, this.#group);
    if (plain?.length !== 40) return undefined;
    const index = Number(plain.readBigUInt64BE());
    return Number.isSafeInteger(index) ? { index, chain: plain.subarray(8) } : undefined;
  }
}

/** A member as its device has introduced it. */
export interface Member {
  readonly key: Buffer;
  readonly sealingKey: Buffer;
}

/** The member of an introduction by `device`; undefined where it is not signed by that member. */
export function memberOf(
  event: GroupMemberDeviceAdded,
  group: Uint8Array,
  device: Uint8Array,
): Member | undefined {
  const { memberPk, devicePk, memberSig, sealingPk } = event;
  if (!Buffer.from(device).equals(devicePk)) return undefined;
  if (!isSignedBy(memberPk, introductionText(group, devicePk, sealingPk), memberSig)) return undefined;
  return { key: Buffer.from(memberPk), sealingKey: Buffer.from(sealingPk) };
}

function introductionText(group: Uint8Array, device: Uint8Array, sealing: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('postern daemon member'), group, device, sealing]);
}
