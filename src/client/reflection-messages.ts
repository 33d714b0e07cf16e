import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * The few messages of `grpc.reflection.v1.ServerReflection` (and v1alpha, whose wire format is the same) that a client
 * needs, written and read by field number.
 */

/** What a client may ask. */
export type ReflectionQuestion =
  | { readonly kind: 'services' }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string };

/** What a server answers. */
export type ReflectionAnswer =
  | { readonly kind: 'services'; readonly names: readonly string[] }
  /** Serialised `google.protobuf.FileDescriptorProto`s. */
  | { readonly kind: 'files'; readonly files: readonly Uint8Array[] }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

/** Bytes of a ServerReflectionRequest. */
export function encodeQuestion(question: ReflectionQuestion): Uint8Array {
  const writer = new BinaryWriter();
  if (question.kind === 'services') writer.uint32((7 << 3) | 2).string('*');
  else if (question.kind === 'symbol') writer.uint32((4 << 3) | 2).string(question.name);
  else writer.uint32((3 << 3) | 2).string(question.name);
  return writer.finish();
}

/** Reads a ServerReflectionResponse; undefined when it holds no answer that was asked for. Throws on broken bytes. */
export function decodeAnswer(bytes: Uint8Array): ReflectionAnswer | undefined {
  let answer: ReflectionAnswer | undefined;
  eachField(bytes, (field, body) => {
    if (field === 4) answer = { kind: 'files', files: bodiesOf(body, 1) };
    else if (field === 6) {
      const names = bodiesOf(body, 1).map((service) => text(bodiesOf(service, 1)[0]));
      answer = { kind: 'services', names };
    } else if (field === 7) answer = readError(body);
  });
  return answer;
}

function readError(bytes: Uint8Array): ReflectionAnswer {
  let code = 0;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === 0) code = reader.int32();
    else reader.skip(wireType);
  }
  return { kind: 'error', code, message: text(bodiesOf(bytes, 2)[0]) };
}

/** Calls `seen` with every length-delimited field. */
export function eachField(bytes: Uint8Array, seen: (field: number, body: Uint8Array) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) seen(field, reader.bytes());
    else reader.skip(wireType);
  }
}

/** All length-delimited values of one field. */
export function bodiesOf(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  eachField(bytes, (field, body) => {
    if (field === wanted) bodies.push(body);
  });
  return bodies;
}

function text(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
