/** What an operator did to an actor, or tried to do: it is told to whoever looks at the activity. */
export interface Operated {
  /** Verified name of who did it. */
  readonly caller: string;
  /** Name of the node that the actor is of or on; empty: none. */
  readonly node: string;
  /** The method that was called: `postern.v1.Inspector/Operate`. */
  readonly method: string;
  /** To whom: `machine/id`. */
  readonly actor: string;
  /** Type of the event. */
  readonly event: string;
  /** Why, in the operator's words; empty: none were said. */
  readonly reason: string;
  /** gRPC status of the answer. */
  readonly code: number;
  /** What became of it, or why not, for people. */
  readonly outcome: string;
}

/** What a hub does for operators, for services beside it. */
export interface HubOperators {
  /**
   * Does to a node what the event says; resolves to what became of it, for people. Throws `NODE_UNKNOWN`,
   * `STORE_UNAVAILABLE`, `STORE_BUSY`, `STORE_CONFLICT`, and `INVALID_ARGUMENT` for an event that is none.
   */
  node(name: string, event: string, by: string): Promise<string>;
  /** Tells it to those who look at the activity. Never throws. */
  told(operated: Operated): void;
}
