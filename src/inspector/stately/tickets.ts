import { randomBytes } from 'node:crypto';
import type { Visitor } from '../../own-service.js';

/** A ticket is good for so long, milliseconds, and once. */
export const ticketMs = 60_000;
/** So many are out at the same time; the oldest make room. */
const mostTickets = 256;

/** Tickets for those who can show no token where they come in. */
export class Tickets {
  readonly #out = new Map<string, { readonly visitor: Visitor; readonly untilMs: number }>();

  give(visitor: Visitor): string {
    const ticket = randomBytes(24).toString('base64url');
    this.#out.set(ticket, { visitor, untilMs: Date.now() + ticketMs });
    const [oldest] = this.#out.keys();
    if (this.#out.size > mostTickets && oldest !== undefined) this.#out.delete(oldest);
    return ticket;
  }

  /** Whose the ticket is; it is used up by that. Undefined: it is none, was used or is too old. */
  take(ticket: string): Visitor | undefined {
    const found = this.#out.get(ticket);
    this.#out.delete(ticket);
    return found === undefined || found.untilMs < Date.now() ? undefined : found.visitor;
  }
}
