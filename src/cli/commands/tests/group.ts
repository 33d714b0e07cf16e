import { status } from '@grpc/grpc-js';
import { CallFailed } from '../../../client/call-failed.js';
import { PosternError } from '../../../errors.js';
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
    const client = new NodeTestsClient(connection);
    const tests: Pick<NodeTestsClient, 'ask'> = {
      ask: (node, method, request) =>
        client.ask(node, method, request).catch((thrown: unknown) => Promise.reject(ofNode(node, thrown))),
    };
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
      for (const [other, writer] of members) {
        await client
          .ask(node, (client) => client.awaitReady, { group: made.group, writer, ...byHand })
          .catch((thrown: unknown) => Promise.reject(unready(node, other, thrown)));
      }
    }
    return made.group;
  });
  invocation.streams.stdout.write(`${group}\n`);
  return 0;
}

/** What went wrong at one of several nodes, with its name. */
function ofNode(node: string, thrown: unknown): unknown {
  if (!(thrown instanceof CallFailed) || thrown.message.includes(`'${node}'`)) return thrown;
  const { code, message, hint, exitCode } = thrown;
  return new PosternError(code, `node '${node}': ${message}`, { hint, exitCode, cause: thrown });
}

/** Daemons that do not find each other are told of as such. */
function unready(reader: string, writer: string, thrown: unknown): unknown {
  if (!(thrown instanceof CallFailed) || thrown.status.code !== status.DEADLINE_EXCEEDED) {
    return ofNode(reader, thrown);
  }
  return new PosternError('GROUP_NOT_READY', `node '${reader}' cannot read what '${writer}' writes yet`, {
    hint: 'do their daemons reach each other? The reference daemon is told of others with --peer or --rdvp',
    exitCode: thrown.exitCode,
    cause: thrown,
  });
}

/** Progress is for people alone. */
function progress({ streams: { stderr }, env }: Invocation, text: string): void {
  if (stderr.isTTY) stderr.write(`${styleFor(stderr, env).dim(`postern: ${text}`)}\n`);
}
