import type { Logger } from '../../log.js';
import { BertyAdapter } from '../adapters/berty/berty-adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import type { NodeFaults } from '../faults/node-faults.js';
import type { JournalShelf } from '../journal/shelf.js';
import type { OperableKind } from '../operate/operate-desk.js';
import { reliabilityKind } from '../operate/rehearsal-kinds.js';
import type { Transitions } from '../transitions.js';
import type { KeptTarget } from './kept-target.js';
import { DaemonPeer } from './peer.js';
import { LotOutages } from './reliability/lot-outages.js';

/** States in which a test needs the daemon where it is. */
const needsDaemon = ['armed', 'running', 'draining'];

/** What the infra server does with the daemon and the network of this node. */
export interface NodeParts {
  readonly peer: DaemonPeer;
  readonly reliability: LotOutages;
  /** For operators. */
  readonly operable: OperableKind;
}

/** Takes up the outages that an earlier agent was told of. */
export async function openNodeParts(options: {
  readonly daemon: DaemonWatch;
  /** Where the agent was told that its daemon is. */
  readonly home: string;
  /** Other daemons that may be named, beside those on loopback. */
  readonly allowed: readonly string[];
  readonly kept: KeptTarget;
  readonly hubIsUp: () => boolean;
  readonly shelf: JournalShelf;
  readonly faults: NodeFaults;
  /** What the draws of outages follow from. */
  readonly seed: string | undefined;
  readonly directory: string;
  readonly node: string;
  readonly boot: string;
  readonly transitions: Transitions;
  readonly log: Logger;
}): Promise<NodeParts> {
  const { daemon, home, allowed, kept, hubIsUp, shelf, faults, transitions, log } = options;
  const { seed, directory, node, boot } = options;
  const peer = new DaemonPeer({
    daemon,
    home,
    allowed,
    adapter: (target) => new BertyAdapter(target),
    hubIsUp,
    busy: () => {
      const found = shelf.all().find(({ state }) => needsDaemon.includes(state));
      return found && `${found.created.run}/${found.created.test}`;
    },
    keep: (target) => kept.keep(target),
    log,
  });
  const reliability = await LotOutages.open({
    ...{ directory, node, boot, seed, faults, log },
    record: (lot) => {
      for (const journal of shelf.all()) {
        journal.tell({ k: 'note', topic: 'reliability', data: { ...lot } }).catch((thrown: unknown) => {
          log.warn({ test: journal.created.test, err: thrown }, 'a test was not told of a draw');
        });
      }
    },
    publish: (transition) => transitions.publish('reliability', { node, boot }, transition),
  });
  return { peer, reliability, operable: reliabilityKind(`${node}.${boot}`, reliability) };
}
