import { fromBinary, type JsonValue } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { MessageJson } from './message-json.js';
import type { CallStatus } from './raw-call.js';
import { bodiesOf } from './reflection-messages.js';

/**
 * The details that a server attached to a status (`grpc-status-details-bin`, a `google.rpc.Status`), each as JSON with
 * its `@type`; one whose type is unknown shows its bytes in base64 as `value`.
 */
export async function statusDetails(end: CallStatus, messages: MessageJson): Promise<JsonValue[]> {
  const details: JsonValue[] = [];
  for (const value of end.trailers.get('grpc-status-details-bin')) {
    if (typeof value === 'string') continue;
    try {
      for (const packed of bodiesOf(value, 3)) details.push(await detail(packed, messages));
    } catch {
      details.push({ value: value.toString('base64') });
    }
  }
  return details;
}

async function detail(packed: Uint8Array, messages: MessageJson): Promise<JsonValue> {
  const any = fromBinary(AnySchema, packed);
  const name = any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
  if (await messages.knows(name)) return messages.decode(AnySchema, packed);
  return { '@type': any.typeUrl, value: Buffer.from(any.value).toString('base64') };
}
