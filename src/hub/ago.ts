const units = [
  { name: 'day', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
] as const;

/** How long ago, for people: `3 min ago`, `2 days ago`. */
export function ago(atMs: number, nowMs: number): string {
  const passed = Math.max(0, nowMs - atMs);
  for (const { name, ms } of units) {
    if (passed < ms) continue;
    const count = Math.floor(passed / ms);
    return `${count} ${name}${name === 'day' && count > 1 ? 's' : ''} ago`;
  }
  return `${Math.floor(passed / 1000)} s ago`;
}

/** A length of time as Go prints it, in whole seconds: `1h2m3s`. */
export function goDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${tail}`;
  return minutes > 0 ? `${minutes}m${tail}` : tail;
}
