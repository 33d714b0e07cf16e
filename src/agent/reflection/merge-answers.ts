import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { bodiesOf } from '../../client/reflection-messages.js';

/** Numbers of fields of `grpc.reflection.v1.ServerReflectionResponse`. */
const field = { validHost: 1, originalRequest: 2, services: 6, error: 7 } as const;

/**
 * One answer from two to the same question, as bytes of ServerReflectionResponse: lists of services become one list,
 * and where `ours` knows nothing, `theirs` counts. Throws on broken bytes.
 */
export function mergeAnswers(ours: Uint8Array, theirs: Uint8Array): Uint8Array {
  if (bodiesOf(ours, field.error).length > 0) return theirs;
  const lists = [theirs, ours].map((answer) => bodiesOf(answer, field.services));
  if (!lists.every((list) => list.length > 0)) return ours;
  const writer = new BinaryWriter();
  for (const number of [field.validHost, field.originalRequest]) {
    for (const body of bodiesOf(ours, number)) writer.uint32((number << 3) | 2).bytes(body);
  }
  // A list holds nothing but repeated fields: two, one after the other, are one.
  writer.uint32((field.services << 3) | 2).bytes(Buffer.concat(lists.flat()));
  return writer.finish();
}
