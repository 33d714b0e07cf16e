import { now } from '../clock.js';
import { zone } from '../settings.js';
import { ago, clockTime, dateTime } from './format.js';

interface TimeProps {
  /** Unix time in milliseconds; 0: none. */
  readonly ms: number;
  /** How long ago, the time of day, or day and time. */
  readonly as?: 'ago' | 'clock' | 'full';
  /** With milliseconds. */
  readonly fine?: boolean;
}

/** A time, in the zone that the reader has chosen; a pointer on it shows all of it. */
export function Time({ ms, as = 'ago', fine = false }: TimeProps) {
  if (ms === 0 || Number.isNaN(new Date(ms).getTime())) return <span class="none">–</span>;
  const full = dateTime(ms, zone.value, true);
  const text =
    as === 'ago'
      ? ago(ms, now.value)
      : as === 'clock'
        ? clockTime(ms, zone.value, fine)
        : dateTime(ms, zone.value, fine);
  return (
    <time dateTime={new Date(ms).toISOString()} title={full}>
      {text}
    </time>
  );
}
