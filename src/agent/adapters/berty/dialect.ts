/** The forms in which Berty's daemons have served their groups, newest first. */
export const dialects = [
  {
    name: 'weshnet',
    service: 'weshnet.protocol.v1.ProtocolService',
    configuration: 'ServiceGetConfiguration',
    mayKnowMedia: false,
  },
  {
    name: 'weshnet-old',
    service: 'weshnet.protocol.v1.ProtocolService',
    configuration: 'InstanceGetConfiguration',
    mayKnowMedia: false,
  },
  {
    name: 'berty',
    service: 'berty.protocol.v1.ProtocolService',
    configuration: 'InstanceGetConfiguration',
    mayKnowMedia: true,
  },
] as const;

/**
 * One of these forms: daemons from v2.461 on are `weshnet`, v2.455 to v2.460 `weshnet-old`, those before `berty`. Messages
 * are the same in all. Only those up to v2.434.7 take images: they have to be asked.
 */
export type Dialect = (typeof dialects)[number];

/** The service of conversations is called the same in all versions. */
export const messengerService = 'berty.messenger.v1.MessengerService';
