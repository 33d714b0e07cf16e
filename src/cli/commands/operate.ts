import { type Invocation, requiredWord } from '../invocation.js';
import { readActor } from '../operate/actor-word.js';
import { type Offer, type Offered, offeredBy } from '../operate/offered.js';
import { operateActor } from '../operate/operate-actor.js';
import { formatList, type RecordView } from '../records.js';
import { type Style, styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern operate`. */
export async function run(invocation: Invocation): Promise<number> {
  const actor = readActor(requiredWord(invocation, 0));
  const wanted = invocation.words[1];
  if (wanted !== undefined) return operateActor(invocation, actor, wanted);
  return withHub(invocation, async (connection) => {
    const offered = await offeredBy(connection, actor);
    if (invocation.options.text('output') === 'json') printJson(invocation, offered);
    else printText(invocation, offered);
    return 0;
  });
}

function printJson({ streams: { stdout } }: Invocation, { actor, offers }: Offered): void {
  const { machine, id, state, gone } = actor;
  stdout.write(
    `${JSON.stringify({ actor: `${machine}/${id}`, state, gone, operations: offers }, null, 2)}\n`,
  );
}

function printText({ streams: { stdout, stderr }, env }: Invocation, { actor, offers }: Offered): void {
  const style = styleFor(stdout, env);
  const now = actor.gone ? 'has gone' : `is ${actor.state}`;
  const what = offers.length === 0 ? ': nothing can be done to it now' : '';
  stderr.write(`${actor.machine}/${actor.id} ${now}${what}\n`);
  if (offers.length === 0) return;
  stdout.write(formatList('table', offerView(style), offers));
}

function offerView(style: Style): RecordView<Offer> {
  return {
    root: 'operations',
    element: 'operation',
    name: ({ event }) => event,
    json: (offer) => ({ ...offer }),
    columns: [
      { title: 'WHAT', text: ({ title }) => title, paint: (padded) => style.bold(padded) },
      { title: 'EVENT', text: ({ event }) => event },
      {
        title: 'EFFECT',
        text: ({ effect, grave }) => (grave ? `${effect} (does not come back by itself)` : effect),
      },
    ],
  };
}
