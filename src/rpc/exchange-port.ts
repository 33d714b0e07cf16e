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

/** A connection to the bus, as far as calls need it. */
export interface CallBus {
  /**
   * Joins the call subjects as `self`: hears `postern.call.<name>.<instance>.>`.
   * `receive` gets each message with its proven sender, `noResponders` a hint that nobody
   * listened at `to` when the message with this ticket came.
   * `heard` resolves when the server has the subscription, or the connection was lost before.
   */
  joinCalls(
    self: PeerAddress,
    handlers: {
      receive(from: PeerAddress, message: Uint8Array): void;
      noResponders(to: PeerAddress, ticket: number): void;
    },
  ): { port: ExchangePort; heard: Promise<void>; stop: () => void };
}
