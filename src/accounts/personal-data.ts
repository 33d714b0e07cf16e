/** What a part of the account services keeps about people; each part that does is asked when somebody wants theirs, or wants it gone. */
export interface PersonalData {
  /** What it is called in the document that somebody gets. */
  readonly name: string;
  /** All that is kept about this address, without secrets, as JSON has it; undefined: nothing. */
  exportOf(address: string): Promise<unknown>;
  /**
   * Removes all of it, so that no history of the bucket keeps it. Done again, it does nothing: an erasure that was cut off
   * begins anew. Throws `STORE_UNAVAILABLE`, `STORE_FULL`.
   */
  eraseOf(address: string): Promise<void>;
}
