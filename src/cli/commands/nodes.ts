import { deadline, messagesOf, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { ListNodesResponse, Node } from '../../gen/postern/v1/nodes.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { nodeView } from '../node-view.js';
import { formatList, formatOne, headOf, widthsOf } from '../records.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern nodes`. */
export function run(invocation: Invocation): Promise<number> {
  const name = invocation.words[0] ?? '';
  return withHub(invocation, (connection) =>
    invocation.options.flag('watch')
      ? watch(invocation, connection, name)
      : list(invocation, connection, name),
  );
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
  invocation.streams.stdout.write(formatList(format, view, nodes));
  return 0;
}

async function watch(invocation: Invocation, connection: HubConnection, name: string): Promise<number> {
  const view = nodeView(styleFor(invocation.streams.stdout, invocation.env), Date.now);
  const format = listFormatOf(invocation);
  const { stdout } = invocation.streams;
  const present = await listNodes(connection, name);
  const widths = widthsOf(view.columns, present);
  if (format === 'table') stdout.write(headOf(view.columns, widths));
  const stream = hubServices(connection).nodes.watchNodes({ name }, connection.metadata());
  for await (const { node } of messagesOf(stream)) {
    if (node !== undefined) stdout.write(formatOne(format, view, node, widths));
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
