import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import { CallFailed } from '../../client/call-failed.js';
import { formatMessage, type MessageForm } from '../../client/codecs/codecs.js';
import { prettyJson } from '../../client/codecs/json.js';
import type { MessageText } from '../../client/codecs/message-text.js';
import type { DescriptorSource } from '../../client/descriptors.js';
import { callDynamic, methodName } from '../../client/dynamic-call.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { MessageJson } from '../../client/message-json.js';
import { metadataLines, parseMetadata } from '../../client/metadata.js';
import { statusDetails } from '../../client/status-details.js';
import { sampleOf } from '../../client/template.js';
import type { Invocation, Output } from '../invocation.js';
import { interruptedStatus, interruptSignal } from '../signals.js';
import { type Style, styleFor } from '../style.js';

/** A method that was found, and the types that it uses. */
export interface FoundMethod {
  readonly source: DescriptorSource;
  readonly registry: FileRegistry;
  readonly method: DescMethod;
}

/** A call of a command that has `callOptions`. */
export interface PreparedCall extends FoundMethod {
  readonly connection: HubConnection;
  /** Brings the call to its place. */
  readonly metadata: Metadata;
  readonly requests: AsyncIterable<MessageText>;
  readonly form: MessageForm;
  /** Unix time in milliseconds; Infinity: none. */
  readonly deadlineMs: number;
}

/** Makes the call and prints its answers; resolves to the exit status. Rejects as `callDynamic` does. */
export async function makeCall(invocation: Invocation, prepared: PreparedCall): Promise<number> {
  const { connection, method, metadata, requests, deadlineMs } = prepared;
  const { options, streams, env } = invocation;
  const messages = messagesFor(invocation, prepared);
  const own = await parseMetadata(options.list('header'));
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
    requests,
    deadlineMs,
    signal,
    onHead: (head: Metadata) => tell('<', metadataLines(head)),
    onMessage: (json) => {
      const known = (name: string) => messages.knownType(name);
      return writeOut(streams.stdout, formatMessage(prepared.form, method.output, json, known));
    },
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

/** Prints a sample of the method's request. */
export async function printSample(
  invocation: Invocation,
  found: FoundMethod,
  form: MessageForm,
): Promise<void> {
  const messages = messagesFor(invocation, found);
  const sample = sampleOf(found.method.input);
  // A sample holds nothing in an Any but a text.
  await messages.knows('google.protobuf.StringValue');
  const text = formatMessage(form, found.method.input, sample, (name) => messages.knownType(name));
  invocation.streams.stdout.write(text);
}

/** What is read and written in the call's types. */
function messagesFor({ options }: Invocation, { source, registry }: FoundMethod): MessageJson {
  return new MessageJson(source, registry, { emitDefaults: options.flag('emit-defaults') });
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

/** When the call must be over by `--max-time`, and when looking up its types must be, Unix time in milliseconds. */
export function deadlinesOf({ options }: Invocation, lookUpMs: number): { callMs: number; lookUpMs: number } {
  const maxTimeMs = options.durationMs('max-time');
  const callMs = maxTimeMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + maxTimeMs;
  return { callMs, lookUpMs: Math.min(callMs, lookUpMs) };
}

/** Waits for a reader that is slower than the call. */
async function writeOut(stdout: Output, text: string): Promise<void> {
  if (stdout.write(text)) return;
  await new Promise((resolve) => stdout.once('drain', resolve));
}
