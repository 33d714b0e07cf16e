import { open } from 'node:fs/promises';
import { PosternError } from '../errors.js';
import type { LoadKeys } from './key-set.js';

/** A set of keys is at most so large, in bytes. */
const mostBytes = 65_536;
/** An issuer's server has so long to answer, in milliseconds. */
const answerWithinMs = 5_000;

/** True for a URL that a set of public keys may be read from: encrypted, or of this machine. */
export function isSafeKeysUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** How to read a set of keys from a URL or from a file. */
export function keysFrom(place: string): LoadKeys {
  return /^https?:/i.test(place)
    ? () => fetchKeys(place)
    : () => readKeys(place.replace(/^file:(?:\/\/)?/, ''));
}

async function fetchKeys(url: string): Promise<string> {
  // A redirect could lead to a server that is not encrypted.
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(answerWithinMs),
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw unreadable(url, `the answer has status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > mostBytes) throw unreadable(url, `the answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readKeys(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > mostBytes) throw unreadable(path, `it is larger than ${mostBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function unreadable(place: string, why: string): PosternError {
  return new PosternError('KEYS_UNAVAILABLE', `${place} gives no keys: ${why}`);
}
