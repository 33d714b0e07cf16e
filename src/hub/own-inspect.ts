import type { Bus, Stop } from '../bus/bus.js';
import { nodeName, type Transition } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';
import { errorText, PosternError } from '../errors.js';
import type { InspectServiceServer } from '../gen/postern/v1/inspect.js';
import type { Logger } from '../log.js';
import { covers } from './covered.js';
import type { Nodes } from './nodes.js';
import { streaming } from './own-calls.js';

/** A reader that is so many transitions behind is cut off. */
const mostWaiting = 10_000;

/** Hears a transition: of which node it is, the id that its actor must have, and what it says. */
type Heard = (node: string, id: string, transition: Transition) => void;
/** Follows the transitions of one kind of machine. */
type Follower = (bus: Bus, filter: { readonly node?: string }, heard: Heard) => ReturnType<Bus['follow']>;

const ofAgents =
  (subject: (typeof subjects)['linkTransition' | 'daemonTransition' | 'processTransition']): Follower =>
  (bus, filter, heard) =>
    bus.follow(subject, filter, ({ params: { node, boot }, body }) => heard(node, `${node}.${boot}`, body));

/** By the name of the machine. */
const followers: Readonly<Record<string, Follower>> = {
  node: (bus, filter, heard) =>
    bus.follow(subjects.nodeTransition, filter, ({ params: { node }, body }) => heard(node, node, body)),
  link: ofAgents(subjects.linkTransition),
  daemon: ofAgents(subjects.daemonTransition),
  process: ofAgents(subjects.processTransition),
  test: (bus, filter, heard) =>
    bus.follow(subjects.testTransition, filter, ({ params: { node, run, test }, body }) =>
      heard(node, `${run}.${test}.${node}`, body),
    ),
  fault: (bus, filter, heard) =>
    bus.follow(subjects.faultTransition, filter, ({ params: { node, run, fault }, body }) =>
      heard(node, `${run}.${fault}.${node}`, body),
    ),
};

/** `postern.v1.InspectService`: the transitions of all machines, kept ones first. */
export function inspectService(bus: Bus, nodes: Pick<Nodes, 'view'>, log: Logger): InspectServiceServer {
  return {
    follow: streaming(['operate', 'trace'], log, ({ machine, node, historyOnly }, caller, out) => {
      if (machine !== '' && !Object.hasOwn(followers, machine)) {
        throw new PosternError(
          'INVALID_ARGUMENT',
          `there is no machine '${machine.slice(0, 64)}': it is ${Object.keys(followers).join(', ')}`,
        );
      }
      if (node !== '' && !nodeName.safeParse(node).success) {
        throw new PosternError('INVALID_ARGUMENT', 'node: it is no node name');
      }
      let open = true;
      const stops: Stop[] = [];
      const stop = () => {
        open = false;
        for (const one of stops.splice(0)) one();
      };
      const tell = (of: string, machineId: Pick<Transition, 'machine' | 'id'>, transition: Transition) => {
        const { machine: name, id, atMs, sequence, event, from, to, context } = transition;
        // The subject is proven, the body is not: nobody speaks for the machines of another node.
        if (!open || !covers(caller, of, nodes) || name !== machineId.machine || id !== machineId.id) return;
        const contextJson = JSON.stringify(context);
        out.write({ machine: name, id, atMs, sequence, event, from, to, contextJson });
        if (out.waiting <= mostWaiting) return;
        stop();
        out.fail(new PosternError('TOO_SLOW', 'the reader is too far behind'));
      };
      const live: Promise<void>[] = [];
      const filter = node === '' ? {} : { node };
      for (const [name, follow] of Object.entries(followers)) {
        if (machine !== '' && machine !== name) continue;
        const following = follow(bus, filter, (of, id, transition) =>
          tell(of, { machine: name, id }, transition),
        );
        live.push(following.live);
        stops.push(following.stop);
      }
      Promise.all(live).then(
        () => {
          if (!open || !historyOnly) return;
          stop();
          out.end();
        },
        (thrown: unknown) => {
          if (!open) return;
          stop();
          out.fail(
            new PosternError('STORE_UNAVAILABLE', `the history can not be read: ${errorText(thrown)}`),
          );
        },
      );
      return { stop };
    }),
  };
}
