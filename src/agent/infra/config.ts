import { z } from 'zod';
import { PosternError } from '../../errors.js';
import { type Address, parseAddress } from '../../wire/address.js';
import { isNetwork, Networks } from '../../wire/networks.js';

/** Where the predecessor of an agent listened, as its documents say; here on loopback alone. */
export const defaultInfraListen = '127.0.0.1:7091';

const loopback = new Networks(['127.0.0.0/8', '::1']);

/** `HOST:PORT` to listen at. */
const listen = z.string().superRefine((text, context) => {
  try {
    if ('path' in parseAddress(text, 'listen')) {
      context.addIssue({ code: 'custom', message: `'${text}' is not HOST:PORT` });
    }
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    context.addIssue({ code: 'custom', message: thrown.message });
  }
});

/** Addresses from where no token is asked, and why. */
export const infraGrant = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, 'a name of letters, digits, _, . and -, at most 64'),
  from: z.string().refine(isNetwork, 'is neither an address nor a network such as 10.1.0.0/16'),
});

/** Where an agent with a daemon serves controllers of before, and whom. */
export const infraConfig = z
  .strictObject({
    listen: listen.default(defaultInfraListen),
    /** Nobody has asked for this address: where it is taken, the agent goes on without. */
    optional: z.boolean().default(false),
    /** File with the token that callers of other machines show. */
    tokenFile: z.string().min(1).optional(),
    grants: z.array(infraGrant).max(256).default([]),
    /** Files in PEM. */
    tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  })
  .refine(
    ({ listen: text, tokenFile, grants }) =>
      tokenFile !== undefined || grants.length > 0 || isLoopback(parseAddress(text, 'listen')),
    {
      path: ['listen'],
      error:
        'off loopback it has to know whom to let in: give a token (--infra-token-file) or a grant (--infra-grant)',
      when: ({ issues }) => issues.length === 0,
    },
  );
export type InfraConfig = z.infer<typeof infraConfig>;

function isLoopback(address: Address): boolean {
  return 'host' in address && (address.host === 'localhost' || loopback.has(address.host));
}
