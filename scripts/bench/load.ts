/** What one block of calls or messages has shown. */
export interface Block {
  /** Calls, or bytes of a stream. */
  readonly amount: number;
  readonly seconds: number;
  /** CPU time of the client in microseconds; undefined where it cannot be known. */
  readonly clientMicros: number | undefined;
  /** Microseconds of each call, ascending; empty where they were not noted. */
  readonly latencies: readonly number[];
}

/** Where calls go to. */
export interface Target {
  readonly address: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How unary calls are made. */
export interface UnaryShape {
  readonly connections: number;
  /** Calls in flight on each connection. */
  readonly inFlight: number;
  /** Note how long each call took. */
  readonly latencies: boolean;
}

/** Makes unary calls; rejects when one of them does not come back whole and well. */
export interface UnaryClient {
  /** For people. */
  readonly name: string;
  run(target: Target, shape: UnaryShape, calls: number): Promise<Block>;
}
