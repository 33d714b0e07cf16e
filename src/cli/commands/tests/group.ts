import type { Member } from '../../../gen/postern/v1/tests.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';
import { byHand, NodeTestsClient } from './node-tests.js';

/** `postern test group`. */
export async function run(invocation: Invocation): Promise<number> {
  const first = requiredWord(invocation, 0);
  const nodes = [...new Set(invocation.words.filter((word) => word !== undefined))];
  const group = await withHub(invocation, async (connection) => {
    const tests = new NodeTestsClient(connection);
    const made = await tests.ask(first, (client) => client.createGroup, { name: '', ...byHand });
    const members = new Map<string, Member | undefined>([[first, made.member]]);
    const name = invocation.options.text('name') ?? 'test';
    const { invite } = await tests.ask(first, (client) => client.createInvite, {
      group: made.group,
      name,
      ...byHand,
    });
    for (const node of nodes.slice(1)) {
      progress(invocation, `${node} joins`);
      members.set(node, (await tests.ask(node, (client) => client.joinGroup, { invite, ...byHand })).member);
    }
    for (const node of nodes) {
      progress(invocation, `${node} gets to know the others`);
      for (const writer of members.values()) {
        await tests.ask(node, (client) => client.awaitReady, { group: made.group, writer, ...byHand });
      }
    }
    return made.group;
  });
  invocation.streams.stdout.write(`${group}\n`);
  return 0;
}

/** Progress is for people alone. */
function progress({ streams: { stderr }, env }: Invocation, text: string): void {
  if (stderr.isTTY) stderr.write(`${styleFor(stderr, env).dim(`postern: ${text}`)}\n`);
}
