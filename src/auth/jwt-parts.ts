import { PosternError } from '../errors.js';
import { namesTwice } from './json-names.js';

/** Longer tokens are refused unread, in characters. */
export const longestToken = 8_192;

const form = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a compact JWS says; nothing of it is proven yet. */
export interface JwtParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** The text that was signed. */
  readonly signed: string;
  readonly signature: Uint8Array;
}

/** A refusal of a token; the reason holds nothing of it. */
export function refusedToken(reason: string): PosternError {
  return new PosternError('UNAUTHENTICATED', reason, {
    hint: 'make one with: postern token create --caller NAME',
  });
}

const none = 'the token is not a JWT: three parts in base64url with dots between them';

/**
 * Reads a JWT strictly: one text has one meaning, for every program that reads it. Throws `UNAUTHENTICATED` for what is
 * too long, no canonical base64url, no UTF-8, no JSON object, or names a claim twice.
 */
export function readJwt(token: string): JwtParts {
  if (token.length > longestToken) throw refusedToken('the token is too long');
  const [, header, payload, signature] = form.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) throw refusedToken(none);
  return {
    header: readObject(header, 'header'),
    payload: readObject(payload, 'payload'),
    signed: `${header}.${payload}`,
    signature: bytesOf(signature),
  };
}

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  // Bits behind the last byte would let one token have several spellings.
  if (bytes.toString('base64url') !== text) throw refusedToken(none);
  return bytes;
}

function readObject(text: string, part: 'header' | 'payload'): Readonly<Record<string, unknown>> {
  const bytes = bytesOf(text);
  let json: string;
  let value: unknown;
  try {
    json = utf8.decode(bytes);
    value = JSON.parse(json);
  } catch {
    // The cause is left out: it could quote the token.
    throw refusedToken(`the ${part} of the token is not JSON`);
  }
  if (!isRecord(value)) throw refusedToken(`the ${part} of the token is no JSON object`);
  if (namesTwice(json)) throw refusedToken(`the ${part} of the token says something twice`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
