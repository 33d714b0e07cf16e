/** A gRPC message as it stands in a body: flag, length, payload. `flag` 1: compressed. */
export function message(payload: string | Uint8Array, flag = 0): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header.writeUInt8(flag);
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}
