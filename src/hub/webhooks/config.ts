import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { nodePattern } from '../../auth/node-patterns.js';

/** What may be told of nodes. */
export const webhookEvents = [
  'node.connected',
  'node.disconnected',
  'instance.connected',
  'instance.disconnected',
] as const;
export type WebhookEventType = (typeof webhookEvents)[number];

/** Headers that we write ourselves, or that would change the meaning of the request. */
const ownHeaders = /^(webhook-.*|content-.*|host|connection|transfer-encoding|te|trailer|upgrade|expect)$/i;

const headers = z.record(z.string(), z.string()).superRefine((all, context) => {
  for (const [name, value] of Object.entries(all)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      if (!ownHeaders.test(name)) continue;
    } catch {
      // Told below, without the value: it may be a secret.
    }
    context.addIssue({ code: 'custom', message: `'${name}' is no header that may be added` });
  }
});

const url = z.string().superRefine((text, context) => {
  const read = URL.canParse(text) ? new URL(text) : undefined;
  const fault =
    read === undefined || !/^https?:$/.test(read.protocol)
      ? 'it is no URL of the form https://HOST/PATH'
      : read.username !== '' || read.password !== ''
        ? 'a login does not belong into the URL: give it as a header, in a --config file'
        : undefined;
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

/** Somebody who is told of events by HTTP. */
export const webhook = z
  .strictObject({
    /** What logs and metrics call it; default: the host of the URL. */
    name: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'a name is made of letters, digits and . _ : -')
      .optional(),
    url,
    events: z.array(z.enum(webhookEvents)).min(1).default(['node.connected', 'node.disconnected']),
    /** Which nodes; absent: all. */
    nodes: z.array(nodePattern).min(1).optional(),
    /** `whsec_` and base64; several, separated by white space, are all used, so that one can be replaced by another. */
    secret: z.string().min(1).optional(),
    /** File that holds the same. */
    secretFile: z.string().min(1).optional(),
    /** Further headers of each request. */
    headers: headers.default({}),
    /** File of the authorities to trust for https, PEM; absent: those that Node.js knows. */
    ca: z.string().min(1).optional(),
  })
  .refine(
    ({ secret, secretFile }) => secret === undefined || secretFile === undefined,
    'a secret stands in the settings or in a file, not in both',
  );
export type WebhookConfig = z.infer<typeof webhook>;
