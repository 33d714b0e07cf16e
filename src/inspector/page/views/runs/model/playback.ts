/** How much faster than it was a run can be played. */
export const speeds = [1, 2, 5, 10, 30, 100] as const;

/** The time of which something is known, Unix milliseconds. */
type Known = { readonly fromMs: number; readonly knownMs: number };

/** Where in a run one looks. */
export interface Playback {
  /** Unix milliseconds of the controller's clock; undefined: at the end of what is known, and with it. */
  readonly atMs: number | undefined;
  readonly playing: boolean;
  readonly speed: number;
}

/** The time that is looked at. */
export function shownMs({ atMs }: Playback, { fromMs, knownMs }: Known): number {
  return Math.min(Math.max(atMs ?? knownMs, fromMs), knownMs);
}

/** After `passedMs` of real time; at the end it stops. */
export function advanced(playback: Playback, passedMs: number, { fromMs, knownMs }: Known): Playback {
  if (!playback.playing) return playback;
  const atMs = Math.max(playback.atMs ?? fromMs, fromMs) + passedMs * playback.speed;
  return atMs >= knownMs ? { ...playback, atMs: undefined, playing: false } : { ...playback, atMs };
}

/** Begins to play, from the start where it stands at the end. */
export function played(playback: Playback, { fromMs }: Known): Playback {
  return { ...playback, playing: true, atMs: playback.atMs ?? fromMs };
}
