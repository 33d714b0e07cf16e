import { daemonMachine } from '../../../machines/daemon.js';
import { faultMachine } from '../../../machines/fault.js';
import { reliabilityMachine } from '../../../machines/reliability.js';
import { testMachine } from '../../../machines/test.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import type { NodeFaults } from '../faults/node-faults.js';
import type { LotOutages } from '../infra/reliability/lot-outages.js';
import type { JournalShelf } from '../journal/shelf.js';
import { doerOf, type Effects, only, operable } from './operable.js';
import type { OperableKind } from './operate-desk.js';
import { outcomeSoon } from './outcome-soon.js';

/** The daemon beside the agent. */
export function daemonKind(id: string, daemon: Pick<DaemonWatch, 'ask' | 'state' | 'bornMs'>): OperableKind {
  const effects: Effects = {
    ASKED: (wish) => {
      daemon.ask(doerOf(wish));
      return 'it is asked now';
    },
  };
  return { machine: daemonMachine, find: only(id, () => operable(daemon, effects)) };
}

/** The outages by lot of a node. */
export function reliabilityKind(
  id: string,
  outages: Pick<LotOutages, 'set' | 'state' | 'bornMs'>,
): OperableKind {
  const effects: Effects = {
    SWITCHED_OFF: async (wish) => {
      const off = await outcomeSoon(
        outages.set({ timeoutSeconds: 0, odds: 0 }, doerOf(wish)).then(() => true),
      );
      return off === undefined ? 'it is being switched off' : 'no lots are drawn any more';
    },
  };
  return { machine: reliabilityMachine, find: only(id, () => operable(outages, effects)) };
}

/** The tests of a node. */
export function testKind(node: string, shelf: Pick<JournalShelf, 'get'>): OperableKind {
  return {
    machine: testMachine,
    find: (id) => {
      const [run = '', test = '', of] = id.split('.');
      const journal = of === node ? shelf.get(run, test) : undefined;
      return (
        journal &&
        operable(journal, {
          STOP_ASKED: async (wish) => {
            const why = wish.reason === '' ? 'no reason was given' : wish.reason;
            await journal.stop(wish.by, why, undefined, doerOf(wish));
            return 'it sends nothing more, and ends when its settle time is over';
          },
        })
      );
    },
  };
}

/** The faults of a node. */
export function faultKind(node: string, faults: Pick<NodeFaults, 'get' | 'heal'>): OperableKind {
  return {
    machine: faultMachine,
    find: (id) => {
      const [run = '', name = '', of] = id.split('.');
      const fault = of === node ? faults.get(run, name) : undefined;
      return (
        fault &&
        operable(fault, {
          HEAL_ASKED: async (wish) => {
            const healed = await outcomeSoon(faults.heal(run, name, doerOf(wish)));
            return healed === undefined ? 'it is being undone' : `it is ${fault.state}`;
          },
        })
      );
    },
  };
}
