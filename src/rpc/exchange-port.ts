/** A process on the bus, as calls address it. */
export interface PeerAddress {
  /** Node name, or `hub`. */
  readonly name: string;
  /** Instance id: one subject token, unique for every start of a process. */
  readonly instance: string;
}

/** What the exchange needs of a bus: at-most-once messages in order per pair, nothing more. */
export interface ExchangePort {
  /** Largest message that the bus takes, in bytes, as known now. */
  readonly maxMessageBytes: number;
  /** False while disconnected: what is sent then is lost. */
  readonly connected: boolean;
  /**
   * Sends one message of whole frames. With a `ticket`, a positive integer, the port hands it to its `noResponders`
   * callback when the bus knows that nobody listened when this message came; 0: nothing is reported.
   */
  send(to: PeerAddress, message: Uint8Array, ticket: number): void;
}
