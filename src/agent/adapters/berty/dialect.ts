/** The forms in which Berty's daemons have served their groups, newest first. */
export const dialects = [
  {
    name: 'weshnet',
    service: 'weshnet.protocol.v1.ProtocolService',
    configuration: 'ServiceGetConfiguration',
  },
  {
    name: 'weshnet-old',
    service: 'weshnet.protocol.v1.ProtocolService',
    configuration: 'InstanceGetConfiguration',
  },
  { name: 'berty', service: 'berty.protocol.v1.ProtocolService', configuration: 'InstanceGetConfiguration' },
] as const;

/**
 * One of these forms: daemons from v2.461 on are `weshnet`, v2.455 to v2.460 `weshnet-old`, those before `berty`. Messages
 * are the same in all.
 */
export type Dialect = (typeof dialects)[number];

/** The service of conversations is called the same in all versions. */
export const messengerService = 'berty.messenger.v1.MessengerService';
