import { StateName } from '../../parts/state.js';

const tags: Readonly<Record<string, readonly string[]>> = {
  pass: ['good'],
  fail: ['bad'],
  unknown: ['warn'],
};

/** A verdict with its sign; nothing where there is none yet. */
export function VerdictMark({ verdict }: { verdict: string }) {
  if (verdict === '') return <span class="none">–</span>;
  return <StateName state={verdict.toUpperCase()} tags={tags[verdict] ?? []} />;
}
