import { deadline, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { OperateResponse, Transition } from '../../gen/postern/v1/inspector.js';
import type { Invocation } from '../invocation.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';
import type { ActorWord } from './actor-word.js';
import { confirmed } from './confirm.js';
import { nextTransition } from './next-transition.js';
import { type Offer, type Offered, offeredBy, offerOf } from './offered.js';

/** The longest that is waited where nobody says, in milliseconds. */
const usualWaitMs = 30_000;

/** Does to an actor what is wanted, by its title or the type of the event, once it is confirmed. Gives the exit status. */
export function operateActor(invocation: Invocation, word: ActorWord, wanted: string): Promise<number> {
  return withHub(invocation, async (connection) => {
    const offered = await offeredBy(connection, word);
    const offer = offerOf(offered, wanted);
    if (!(await confirmed(invocation, question(invocation, offered, offer)))) {
      invocation.streams.stderr.write('nothing was done\n');
      return 1;
    }
    const { outcome, transition } = await tell(invocation, connection, word, offered, offer);
    const name = `${word.machine}/${word.id}`;
    if (invocation.options.text('output') === 'json') {
      const became = transition === undefined ? {} : { from: transition.from, state: transition.to };
      const told = { actor: name, event: offer.event, title: offer.title, outcome, ...became };
      invocation.streams.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    } else {
      const became =
        transition === undefined ? '' : `; it was ${transition.from}, and is ${transition.to || 'gone'}`;
      invocation.streams.stderr.write(`${name}: ${offer.title}: ${outcome}${became}\n`);
    }
    return 0;
  });
}

async function tell(
  invocation: Invocation,
  connection: HubConnection,
  { machine, id }: ActorWord,
  { actor: { bornMs } }: Offered,
  { event }: Offer,
): Promise<{ outcome: string; transition: Transition | undefined }> {
  const { options, streams, env } = invocation;
  const timeoutMs = options.durationMs('timeout') ?? usualWaitMs;
  const next = options.flag('wait') ? nextTransition(connection, { machine, id }, timeoutMs) : undefined;
  try {
    await next?.begun;
    const reason = options.text('reason') ?? '';
    const { outcome } = await unary<OperateResponse>((done) =>
      hubServices(connection).inspector.operate(
        { machine, id, event, reason, bornMs },
        connection.metadata(),
        deadline(),
        done,
      ),
    );
    if (next !== undefined && streams.stderr.isTTY) {
      streams.stderr.write(`${styleFor(streams.stderr, env).dim(`postern: ${outcome}; waiting`)}\n`);
    }
    return { outcome, transition: await next?.came };
  } finally {
    next?.stop();
  }
}

function question(
  { streams: { stderr }, env }: Invocation,
  { actor }: Offered,
  { title, effect, grave }: Offer,
): string {
  const style = styleFor(stderr, env);
  const lasting = grave ? ` ${style.red('It does not come back by itself.')}` : '';
  return `${style.bold(title)} ${actor.machine}/${actor.id}, which is ${actor.state} now. ${effect}${lasting}`;
}
