import { createHmac } from 'node:crypto';
import { PosternError } from '../../errors.js';

/** A secret has so many bytes (Standard Webhooks 1.0.0, "Signature scheme"). */
const [leastBytes, mostBytes] = [24, 64];
const prefix = 'whsec_';

/** The keys in a text of secrets, separated by white space. Throws `WEBHOOK_SECRET_INVALID`, without quoting any. */
export function readSecrets(text: string, from: string): Buffer[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const keys = words.map((word) => {
    const key = Buffer.from(word.slice(prefix.length), 'base64');
    const same = key.toString('base64').replace(/=+$/, '') === word.slice(prefix.length).replace(/=+$/, '');
    return word.startsWith(prefix) && same && key.length >= leastBytes && key.length <= mostBytes
      ? key
      : undefined;
  });
  const good = keys.filter((key) => key !== undefined);
  if (good.length === keys.length && good.length > 0) return good;
  throw new PosternError(
    'WEBHOOK_SECRET_INVALID',
    `${from}: a webhook's secret is ${prefix} and ${leastBytes} to ${mostBytes} bytes in base64`,
    { hint: `make one with: echo "${prefix}$(openssl rand -base64 32)"`, exitCode: 2 },
  );
}

/** The headers that prove a delivery: its id, the time of this attempt in seconds, and a signature by each key. */
export function signedHeaders(
  id: string,
  atMs: number,
  body: string,
  keys: readonly Buffer[],
): Record<string, string> {
  const seconds = Math.floor(atMs / 1000);
  const signatures = keys.map((key) => `v1,${hmac(key, `${id}.${seconds}.${body}`)}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    ...(signatures.length === 0 ? {} : { 'webhook-signature': signatures.join(' ') }),
  };
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64');
}
