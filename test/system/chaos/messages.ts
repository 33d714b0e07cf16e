/** Pause between two messages of a flow, in milliseconds. */
export const flowEveryMs = 5;
const flowBytes = 1_024;

/** A gRPC message as it stands in a stream: not compressed, with its length. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The message of a flow with this number. */
export function flowMessage(number: number): Buffer {
  const message = Buffer.alloc(flowBytes, number & 0xff);
  message.writeUInt32BE(number);
  return message;
}

/** The number of a message of a flow; -1 when it is not one that the server has sent. */
export function flowNumber(message: Buffer): number {
  const number = message.length < 4 ? -1 : message.readUInt32BE();
  return number >= 0 && message.equals(flowMessage(number)) ? number : -1;
}
