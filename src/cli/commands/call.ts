import type { DescMethod, FileRegistry, JsonValue } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import { CallFailed } from '../../client/call-failed.js';
import { jsonLine, prettyJson } from '../../client/codecs/json.js';
import { yamlDocument } from '../../client/codecs/yaml.js';
import { type DescriptorSource, findMethod } from '../../client/descriptors.js';
import { callDynamic, methodName } from '../../client/dynamic-call.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { MessageJson } from '../../client/message-json.js';
import { metadataLines, parseMetadata } from '../../client/metadata.js';
import { statusDetails } from '../../client/status-details.js';
import { sampleOf } from '../../client/template.js';
import { lookUpDeadline, nodeOf, withTypes, withTypesOver } from '../descriptor-source.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { requestsFrom } from '../request-input.js';
import { interruptedStatus, interruptSignal } from '../signals.js';
import { type Style, styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern call`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 1);
  const maxTimeMs = invocation.options.durationMs('max-time');
  const deadlineMs = maxTimeMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + maxTimeMs;
  const lookUpMs = Math.min(deadlineMs, lookUpDeadline());
  if (invocation.options.flag('template')) {
    return withTypes(invocation, lookUpMs, async (source) => {
      const { method } = await findMethod(source, name);
      invocation.streams.stdout.write(formatMessage(invocation, sampleOf(method.input)));
      return 0;
    });
  }
  return withHub(invocation, (connection) =>
    withTypesOver(invocation, connection, lookUpMs, async (source) => {
      const { method, registry } = await findMethod(source, name);
      return makeCall(invocation, { connection, source, registry, method, deadlineMs });
    }),
  );
}

interface Prepared {
  readonly connection: HubConnection;
  readonly source: DescriptorSource;
  readonly registry: FileRegistry;
  readonly method: DescMethod;
  readonly deadlineMs: number;
}

async function makeCall(invocation: Invocation, prepared: Prepared): Promise<number> {
  const { connection, source, registry, method, deadlineMs } = prepared;
  const { options, streams, env } = invocation;
  const messages = new MessageJson(source, registry, { emitDefaults: options.flag('emit-defaults') });
  const own = await parseMetadata(options.list('header'));
  const metadata = connection.metadata(nodeOf(invocation));
  metadata.merge(own);
  const verbose = options.flag('verbose');
  const style = styleFor(streams.stderr, env);
  const tell = (sign: string, lines: readonly string[]): void => {
    if (verbose) for (const line of lines) streams.stderr.write(`${style.dim(`${sign} ${line}`)}\n`);
  };

  // The token is nobody's business, not even on one's own screen.
  tell('>', [methodName(method), ...metadataLines(own)]);
  const signal = interruptSignal();
  const end = await callDynamic({
    client: connection.client,
    method,
    metadata,
    messages,
    requests: requestsFrom(options.text('message'), streams.stdin),
    deadlineMs,
    signal,
    onHead: (head: Metadata) => tell('<', metadataLines(head)),
    onMessage: (json) => writeOut(streams.stdout, formatMessage(invocation, json)),
  });
  tell('<', [`trailers, status ${end.code}`, ...metadataLines(end.trailers)]);
  for (const type of messages.unknownTypes) {
    streams.stderr.write(`postern: the content of a ${type} is not shown: its type is not known\n`);
  }
  if (end.code === status.OK) return 0;
  if (signal.aborted) return interruptedStatus;
  const failed = new CallFailed(end);
  await tellStatus(invocation, failed, messages, style);
  return failed.exitCode;
}

/** The status, the details that the server attached to it, and what to do about it. */
async function tellStatus(
  invocation: Invocation,
  failed: CallFailed,
  messages: MessageJson,
  style: Style,
): Promise<void> {
  const { stderr } = invocation.streams;
  stderr.write(`${style.red('postern:')} ${failed.message}\n`);
  for (const detail of await statusDetails(failed.status, messages)) stderr.write(prettyJson(detail));
  if (failed.hint !== undefined) stderr.write(`${style.dim(failed.hint)}\n`);
}

function formatMessage(invocation: Invocation, json: JsonValue): string {
  switch (invocation.options.text('output')) {
    case 'jsonl':
      return jsonLine(json);
    case 'yaml':
      return yamlDocument(json);
    default:
      return prettyJson(json);
  }
}

/** Waits for a reader that is slower than the call. */
async function writeOut(stdout: NodeJS.WriteStream, text: string): Promise<void> {
  if (stdout.write(text)) return;
  await new Promise((resolve) => stdout.once('drain', resolve));
}
