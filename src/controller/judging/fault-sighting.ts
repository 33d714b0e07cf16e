/** What one canary has seen of a fault. */
export interface FaultSighting {
  /** `before`, `during`, `after`. */
  readonly phase: string;
  /** `affected`, `spared`. */
  readonly path: string;
  /** The way that was looked at, for people. */
  readonly name: string;
  /** Unix milliseconds of the controller's clock. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How many looks there were, and how many of them went through. */
  readonly looks: number;
  readonly through: number;
  /** How long those took that went through: the middle one, milliseconds; 0: none did. */
  readonly medianMs: number;
  /** What was found beside that, for people. */
  readonly found?: string;
}
