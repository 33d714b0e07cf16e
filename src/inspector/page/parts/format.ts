/** A number with spaces between thousands: `12 345`. */
export function count(n: number | bigint): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** A length of time in milliseconds, to three digits: `0.24 ms`, `12.3 ms`, `1.24 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 999.5) return `${digits(ms)} ms`;
  if (ms < 59_950) return `${digits(ms / 1_000)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 3_600) return parts(Math.floor(s / 60), 'min', s % 60, 's');
  if (s < 86_400) return parts(Math.floor(s / 3_600), 'h', Math.floor((s % 3_600) / 60), 'min');
  return parts(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3_600), 'h');
}

/** How long ago a time was, roughly: `now`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function ago(ms: number, nowMs: number): string {
  const s = Math.floor((nowMs - ms) / 1_000);
  if (s < 1) return 'now';
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/** Bytes: `0 B`, `12.3 kB`, `4.56 MB`; a thousand is a thousand. */
export function bytes(n: number | bigint): string {
  let value = Number(n);
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5) return unit === 'B' ? `${value} B` : `${digits(value)} ${unit}`;
    value /= 1_000;
  }
  return `${digits(value)} TB`;
}

/** A time of day: `14:03:05`, with milliseconds `14:03:05.120`. */
export function clockTime(ms: number, zone: 'local' | 'utc', withMs = false): string {
  const date = shifted(ms, zone);
  return date === undefined ? '–' : date.toISOString().slice(11, withMs ? 23 : 19);
}

/** A day and a time: `2026-03-01 14:03:05`; in UTC with a `Z` behind it. */
export function dateTime(ms: number, zone: 'local' | 'utc', withMs = false): string {
  const date = shifted(ms, zone);
  if (date === undefined) return '–';
  return (
    date
      .toISOString()
      .slice(0, withMs ? 23 : 19)
      .replace('T', ' ') + (zone === 'utc' ? 'Z' : '')
  );
}

/** A moment of which the UTC fields are those of the zone; undefined where there is none. */
function shifted(ms: number, zone: 'local' | 'utc'): Date | undefined {
  const date = new Date(zone === 'utc' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Three digits at most, none behind the point where they say nothing. */
function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return String(Number(value.toFixed(value >= 9.995 ? 1 : 2)));
}

function parts(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
