import { type Playback, played, shownMs, speeds } from './model/playback.js';
import type { Extent } from './model/run-at.js';
import { clockOf } from './scale.js';

interface PlayerProps {
  readonly playback: Playback;
  readonly time: Extent;
  /** The run goes on: the end is now. */
  readonly live: boolean;
  readonly change: (playback: Playback) => void;
}

/** Plays a run, and leads to any moment of it. */
export function Player({ playback, time, live, change }: PlayerProps) {
  const { fromMs, knownMs } = time;
  const atMs = shownMs(playback, time);
  const length = knownMs - fromMs;
  return (
    <fieldset class="player" aria-label="Replay">
      <button
        type="button"
        onClick={() =>
          change(playback.playing ? { ...playback, playing: false, atMs } : played(playback, time))
        }
      >
        {playback.playing ? 'Hold' : 'Play'}
      </button>
      <select
        aria-label="Speed"
        value={String(playback.speed)}
        onChange={(event) => change({ ...playback, speed: Number(event.currentTarget.value) })}
      >
        {speeds.map((speed) => (
          <option key={speed} value={String(speed)}>
            {speed}×
          </option>
        ))}
      </select>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={clockOf(atMs - fromMs)}
        min={0}
        max={length}
        step={Math.max(1, Math.round(length / 1_000))}
        value={atMs - fromMs}
        onInput={(event) => {
          const moment = fromMs + Number(event.currentTarget.value);
          change({ ...playback, playing: false, atMs: moment >= knownMs ? undefined : moment });
        }}
      />
      <output>
        {clockOf(atMs - fromMs)} of {clockOf(length)}
      </output>
      <button
        type="button"
        disabled={playback.atMs === undefined}
        onClick={() => change({ ...playback, playing: false, atMs: undefined })}
      >
        {live ? 'Live' : 'End'}
      </button>
    </fieldset>
  );
}
