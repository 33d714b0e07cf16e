import type { Logger } from '../../log.js';
import type { Counts } from '../counts.js';
import type { Groups } from '../group/groups.js';
import type { Identity } from '../identity.js';
import type { MediaLibrary } from '../media/media-library.js';
import type { Sender } from '../misbehave/faulty-sender.js';
import type { Plan } from '../misbehave/plan.js';
import type { Truth } from '../misbehave/truth.js';
import type { Role } from '../peer/link.js';
import type { Peers } from '../peer/peers.js';
import type { Tokens } from './tokens.js';

/** What the gRPC services stand on. */
export interface Parts {
  readonly identity: Identity;
  readonly role: Role;
  readonly groups: Groups;
  readonly peers: Peers;
  readonly sender: Sender;
  readonly plan: Plan;
  readonly truth: Truth;
  readonly tokens: Tokens;
  /** Undefined in forms that know no files. */
  readonly media: MediaLibrary | undefined;
  readonly counts: Counts;
  readonly version: string;
  readonly startedAtMs: number;
  readonly log: Logger;
}
