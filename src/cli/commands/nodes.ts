import { deadline, messagesOf, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { ListNodesResponse, Node } from '../../gen/postern/v1/nodes.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { nodeJson, nodeView } from '../node-view.js';
import { formatList, formatOne, headOf, widthsOf } from '../records.js';
import { type Answered, lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';
import { abilitiesJson, abilitiesText, askAbilities } from './faults/node-abilities.js';

/** `postern nodes`. */
export function run(invocation: Invocation): Promise<number> {
  const name = invocation.words[0] ?? '';
  if (!invocation.options.flag('watch')) {
    return withHub(invocation, (connection) => list(invocation, connection, name));
  }
  const print = printer(invocation);
  return lookOn(invocation, (connection, answered) => watch(connection, name, print, answered));
}

async function list(invocation: Invocation, connection: HubConnection, name: string): Promise<number> {
  const nodes = await listNodes(connection, name);
  if (nodes.length === 0 && name !== '') throw unknown(name);
  const view = nodeView(styleFor(invocation.streams.stdout, invocation.env), Date.now);
  const format = listFormatOf(invocation);
  if (nodes.length === 0 && format === 'table') {
    invocation.streams.stderr.write('no node has joined yet: start one with `postern agent`\n');
    return 0;
  }
  const [asked] = nodes;
  if (name === '' || asked === undefined || format === 'name') {
    invocation.streams.stdout.write(formatList(format, view, nodes));
    return 0;
  }
  const abilities = await askAbilities(connection, asked);
  const whole = { ...view, json: (node: Node) => ({ ...nodeJson(node), faults: abilitiesJson(abilities) }) };
  invocation.streams.stdout.write(formatList(format, whole, nodes));
  if (format === 'table') invocation.streams.stdout.write(abilitiesText(abilities));
  return 0;
}

/** Prints nodes one by one; the columns are as wide as those that are there at first need. */
interface Printer {
  begin(present: Node[]): void;
  print(node: Node): void;
}

function printer(invocation: Invocation): Printer {
  const { stdout } = invocation.streams;
  const view = nodeView(styleFor(stdout, invocation.env), Date.now);
  const format = listFormatOf(invocation);
  let widths: number[] | undefined;
  return {
    begin(present) {
      if (widths !== undefined) return;
      widths = widthsOf(view.columns, present);
      if (format === 'table') stdout.write(headOf(view.columns, widths));
    },
    print: (node) => void stdout.write(formatOne(format, view, node, widths ?? [])),
  };
}

/** Every node that is there, then each that changes. */
async function watch(
  connection: HubConnection,
  name: string,
  printing: Printer,
  answered: Answered,
): Promise<number> {
  printing.begin(await listNodes(connection, name));
  answered();
  const stream = hubServices(connection).nodes.watchNodes({ name }, connection.metadata());
  for await (const { node } of messagesOf(stream)) {
    if (node !== undefined) printing.print(node);
  }
  return 0;
}

/** The nodes that the caller may see, all or the one of this name. */
export async function listNodes(connection: HubConnection, name: string): Promise<Node[]> {
  const { nodes } = hubServices(connection);
  const answer = await unary<ListNodesResponse>((done) =>
    nodes.listNodes({ name }, connection.metadata(), deadline(), done),
  );
  return answer.nodes;
}

function unknown(name: string): PosternError {
  return new PosternError('NODE_UNKNOWN', `there is no node '${name}'`, {
    hint: 'see what there is with `postern nodes`',
  });
}
