import { AppMessage, AppMessage_Type, UserMessage } from '../../../gen/berty/messenger/v1/messenger.js';
import { GroupMessageEvent, GroupMessageList_Request } from '../../../gen/weshnet/protocol/v1/types.js';
import type { GroupRef, Receipt } from '../adapter.js';
import { type Channel, daemonError } from './channel.js';
import { eventIdText } from './event-id.js';
import { retrieveMedia } from './media.js';

/** What a daemon says of an event, without how and when it came. */
export type ListedEvent = Omit<Receipt, 'how' | 'atMs'>;

/**
 * Messages and acknowledgements of a group: from the first on; with `untilNow` those that are there, otherwise also those
 * that come. With `files` the body of a message that brings a file is that. What the group says about itself is left out. Whoever stops reading ends the daemon's stream. Throws as
 * adapters do.
 */
export async function* listEvents(
  channel: Channel,
  path: string,
  group: GroupRef,
  { untilNow, files }: { readonly untilNow: boolean; readonly files: boolean },
  signal: AbortSignal,
): AsyncGenerator<ListedEvent> {
  const request = {
    groupPk: Buffer.from(group.id, 'base64url'),
    sinceId: Buffer.alloc(0),
    sinceNow: false,
    untilId: Buffer.alloc(0),
    untilNow,
    reverseOrder: false,
  };
  const stream = channel.stream(path, { type: GroupMessageList_Request, request }, GroupMessageEvent);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const message of stream) {
      const event = readEvent(message);
      if (event === undefined) continue;
      const { file, ...listed } = event;
      if (file === undefined || !files) yield listed;
      else yield { ...listed, body: await bodyOf(channel, file, signal) };
    }
  } catch (thrown) {
    throw daemonError(thrown, channel.address, 'ended a list of messages');
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** The file; nothing where the daemon does not give it: then the message came, and what it brings did not. */
async function bodyOf(channel: Channel, cid: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await retrieveMedia(channel, cid, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return new Uint8Array();
  }
}

/** An event, and the CID of the file that came with it. */
function readEvent({
  eventContext,
  headers,
  message,
}: GroupMessageEvent): (ListedEvent & { readonly file?: string }) | undefined {
  if (eventContext === undefined || headers === undefined) return undefined;
  let content: AppMessage;
  try {
    content = AppMessage.decode(message);
  } catch {
    return undefined;
  }
  const event = eventIdText(eventContext.id);
  const device = headers.devicePk.toString('base64url');
  const { counter } = headers;
  const { type, payload, targetCid, medias } = content;
  if (type === AppMessage_Type.TypeAcknowledge) {
    return { event, device, counter, kind: 'ack', body: new Uint8Array(), target: targetCid };
  }
  if (type !== AppMessage_Type.TypeUserMessage) return undefined;
  const [media] = medias;
  if (media !== undefined) {
    return { event, device, counter, kind: 'message', body: new Uint8Array(), target: '', file: media.cid };
  }
  const body = readBody(payload);
  return body === undefined ? undefined : { event, device, counter, kind: 'message', body, target: '' };
}

function readBody(payload: Uint8Array): Uint8Array | undefined {
  try {
    return new TextEncoder().encode(UserMessage.decode(payload).body);
  } catch {
    return undefined;
  }
}
