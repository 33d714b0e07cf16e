import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** What LiveKit knows us by. */
export interface LiveKitKey {
  readonly key: string;
  /** Never told, never logged. */
  readonly secret: string;
}

/** Somebody may begin to join for so long, in seconds; who has joined stays. */
export const joinTokenSeconds = 300;
/** So far may LiveKit's clock be behind ours, in seconds. */
const clockSkewSeconds = 10;

/** A token by which `identity` may join `room` at a LiveKit server, and do nothing else there. */
export function joinToken(
  { key, secret }: LiveKitKey,
  { room, identity, nowMs = Date.now() }: { room: string; identity: string; nowMs?: number },
): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return new SignJWT({ video: { roomJoin: true, room }, name: identity })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(key)
    .setSubject(identity)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now - clockSkewSeconds)
    .setExpirationTime(now + joinTokenSeconds)
    .sign(new TextEncoder().encode(secret));
}
