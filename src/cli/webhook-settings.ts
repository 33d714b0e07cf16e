import { z } from 'zod';
import type { HubConfigInput } from '../hub/config.js';
import { webhook } from '../hub/webhooks/config.js';
import type { Binding } from './settings.js';

/** Who is told by HTTP what becomes of nodes. */
export const webhookSettings = {
  webhooks: z.array(webhook).max(32).optional(),
  /** Of those that have none of their own. */
  webhookSecret: z.string().min(1).optional(),
  webhookSecretFile: z.string().min(1).optional(),
};

export const webhookBindings: readonly Binding[] = [
  { option: 'webhook', key: ['webhooks'], read: readUrls },
  { option: 'webhook-secret', key: ['webhookSecret'] },
  { option: 'webhook-secret-file', key: ['webhookSecretFile'] },
];

/** The webhooks, each with a secret where there is one. */
export function webhooksOf(settings: {
  readonly webhooks?: readonly z.infer<typeof webhook>[] | undefined;
  readonly webhookSecret?: string | undefined;
  readonly webhookSecretFile?: string | undefined;
}): NonNullable<HubConfigInput['webhooks']> {
  const { webhooks = [], webhookSecret: secret, webhookSecretFile: secretFile } = settings;
  return webhooks.map((hook) => {
    if (hook.secret !== undefined || hook.secretFile !== undefined) return hook;
    if (secretFile !== undefined) return { ...hook, secretFile };
    return secret === undefined ? hook : { ...hook, secret };
  });
}

function readUrls(value: unknown): unknown {
  return (Array.isArray(value) ? value.map(String) : []).map((url) => ({ url }));
}
