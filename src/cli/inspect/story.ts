import { messagesOf } from '../../client/call-failed.js';
import { jsonLine, prettyJson } from '../../client/codecs/json.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { ActorFilter, Transition, WatchRequest } from '../../gen/postern/v1/inspector.js';
import type { Invocation } from '../invocation.js';
import { lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';
import { actorJson } from './actor-view.js';
import { transitionJson, transitionText } from './transition-text.js';
import { filtersFor, nameOf, type Wanted } from './wanted-actors.js';

/** More than the streams keep of an actor is not to be had. */
const wholeHistory = 64;

/** Prints what is kept of the actors, and with `--follow` what happens. */
export async function tellStory(invocation: Invocation, wanted: Wanted, machine: string): Promise<number> {
  if (invocation.options.flag('follow')) return followStory(invocation, wanted, machine);
  const { stdout, stderr } = invocation.streams;
  const asDocument = invocation.options.text('output') === 'json';
  const print = printerOf(invocation);
  return withHub(invocation, async (connection) => {
    const filters = await filtersFor(connection, wanted, machine);
    const request = { filters, resume: '', history: wholeHistory, historyOnly: true };
    const actors = [];
    const transitions: Transition[] = [];
    for await (const message of watchOf(connection, request)) {
      actors.push(...message.actors);
      transitions.push(...message.transitions);
    }
    if (asDocument) {
      stdout.write(
        prettyJson({ actors: actors.map(actorJson), transitions: transitions.map(transitionJson) }),
      );
      return 0;
    }
    for (const transition of transitions) print(transition);
    if (transitions.length === 0) stderr.write(`nothing is kept about ${nameOf(wanted)}\n`);
    return 0;
  });
}

/** Goes on through losses of the hub, behind the last message that came. */
function followStory(invocation: Invocation, wanted: Wanted, machine: string): Promise<number> {
  const { stderr } = invocation.streams;
  const print = printerOf(invocation);
  let filters: ActorFilter[] | undefined;
  let place = '';
  return lookOn(invocation, async (connection, answered) => {
    filters ??= await filtersFor(connection, wanted, machine);
    const history = place === '' ? wholeHistory : 0;
    const request = { filters, resume: place, history, historyOnly: false };
    for await (const message of watchOf(connection, request)) {
      answered();
      if (message.lost) {
        stderr.write(
          `${styleFor(stderr, invocation.env).dim('postern: some transitions in between are not kept any more')}\n`,
        );
      }
      for (const transition of message.transitions) print(transition);
      if (message.place !== '') place = message.place;
    }
    return 0;
  });
}

function watchOf(connection: HubConnection, request: WatchRequest) {
  return messagesOf(hubServices(connection).inspector.watch(request, connection.metadata()));
}

function printerOf(invocation: Invocation): (transition: Transition) => void {
  const { stdout } = invocation.streams;
  if (invocation.options.text('output') !== 'text') {
    return (transition) => void stdout.write(jsonLine(transitionJson(transition)));
  }
  const style = styleFor(stdout, invocation.env);
  return (transition) => void stdout.write(transitionText(style, transition));
}
