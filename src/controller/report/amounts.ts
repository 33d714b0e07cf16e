/** Numbers for people, written alike wherever a report shows them. */

/** A time span: `0.4 ms`, `87 ms`, `1.25 s`, `2 m 05 s`, `3 h 20 m`. */
export function span(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  if (size < 9.95) return `${sign}${trim(size.toFixed(1))} ms`;
  if (size < 999.5) return `${sign}${Math.round(size)} ms`;
  if (size < 59_950) return `${sign}${trim((size / 1000).toFixed(size < 9_950 ? 2 : 1))} s`;
  const seconds = Math.round(size / 1000);
  if (seconds < 3_600) return `${sign}${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${sign}${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
}

/** A moment of a run, from its beginning: `+12.340 s`. */
export function offset(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)} s`;
}

/** A part of a whole, 0 to 1: `99.7 %`. Never rounded up to all of it, nor down to nothing. */
export function share(part: number): string {
  const percent = part * 100;
  const shown = Math.min(percent < 100 ? 99.9 : 100, Math.max(percent > 0 ? 0.1 : 0, percent));
  return `${trim(shown.toFixed(1))} %`;
}

/** An instant in UTC: `2026-03-01 10:00:00.250Z`. */
export function instant(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? String(unixMs) : date.toISOString().replace('T', ' ');
}

/** How many of a thing: `1 message`, `3 messages`. */
export function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function trim(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
