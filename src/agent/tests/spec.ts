import type { JsonValue } from '@bufbuild/protobuf';
import { z } from 'zod';
import { issues } from '../../bus/messaging.js';
import { PosternError } from '../../errors.js';
import { leastImageBytes } from './image.js';

const schedule = {
  /** Bytes of a message. */
  size: z.number().int().min(0).max(3_900_000, 'a message of more than 3.9 MB fits into no gRPC message'),
  /** From one message to the next, milliseconds. */
  intervalMs: z
    .number()
    .min(1, 'messages are at least 1 ms apart')
    .max(86_400_000, 'messages are at most a day apart'),
  /** 0: it receives what others send, and sends nothing. */
  amount: z
    .number()
    .int()
    .min(0, 'a test has no less than 0 messages')
    .max(10_000_000, 'a test has at most 10,000,000 messages'),
};
const request = z.string().transform((text, context): JsonValue => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'it is no JSON' });
    return z.NEVER;
  }
});

const group = z.string().regex(/^[A-Za-z0-9_-]+$/, 'it names no group');

/** What a test does. */
export const testSpec = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    group,
    ...schedule,
    /** It receives what comes in the group from now on, of whatever test. */
    everyMessage: z.boolean().default(false),
  }),
  z.object({
    type: z.literal('media'),
    group,
    ...schedule,
    size: schedule.size.min(leastImageBytes, `an image has at least ${leastImageBytes} bytes`),
  }),
  z.object({
    type: z.literal('call'),
    method: z.string().regex(/^[\w.]+\/\w+$/, 'write package.Service/Method'),
    request,
    ...schedule,
    amount: schedule.amount.min(1, 'it calls nothing'),
  }),
]);
export type TestSpec = z.infer<typeof testSpec>;

/** Reads what somebody asks for. Throws `TEST_INVALID` that names every mistake. */
export function readTestSpec(asked: Record<string, unknown>): TestSpec {
  const { type, group, method, requestJson, size, intervalMs, amount, everyMessage } = asked;
  const common = { size, intervalMs, amount };
  const given =
    type === 'call'
      ? { type, method, request: requestJson, ...common }
      : { type, group, everyMessage, ...common };
  const read = testSpec.safeParse(given);
  if (!read.success) {
    throw new PosternError('TEST_INVALID', `there cannot be such a test: ${issues(read.error)}`);
  }
  if (receivesAll(read.data) && read.data.amount > 0) {
    throw new PosternError('TEST_INVALID', 'a test that receives every message sends none: its amount is 0');
  }
  return read.data;
}

/** Whether a test receives what is of other tests too, and sends nothing. */
export function receivesAll(spec: TestSpec): boolean {
  return spec.type === 'text' && spec.everyMessage;
}
