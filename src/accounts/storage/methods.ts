import { z } from 'zod';
import { accountMethod } from '../asking/method.js';
import { largestHeadImageBytes } from './profile.js';

/** An address as it was given. */
const email = z.string().max(320, 'email is longer than an address may be');
/** Names a state of a profile. */
const revision = z.string().max(64);
const person = z.object({ email });
/** Texts are bounded here only so that no message gets too large; what else they may be is looked at where they are kept. */
const profile = z.object({
  username: z.string().max(4_096, 'username is too long').optional(),
  headImage: z
    .string()
    .max(largestHeadImageBytes, `head_image may have ${largestHeadImageBytes} bytes`)
    .optional(),
  sex: z.number().int().optional(),
  age: z.number().int().optional(),
});
const change = z.object({ email, change: profile, expected: revision.optional() });
const kept = z.object({ email, profile, revision });
const nothing = z.object({});

/** What may be asked about profiles. */
export const storageMethods = {
  create: accountMethod('storage', 'create', { args: person, result: kept }),
  get: accountMethod('storage', 'get', {
    args: person,
    result: z.object({ email, found: kept.optional() }),
  }),
  update: accountMethod('storage', 'update', { args: change, result: kept }),
  delete: accountMethod('storage', 'delete', { args: person, result: z.object({ email }) }),
  export: accountMethod('storage', 'export', { args: person, result: z.object({ json: z.string() }) }),
  erase: accountMethod('storage', 'erase', { args: person, result: nothing }),
} as const;
