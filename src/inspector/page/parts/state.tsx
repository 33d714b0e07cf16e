/** How a state is to be looked at; `calm`: its machine says nothing of it. */
export type Tone = 'good' | 'warn' | 'bad' | 'calm';

/** What the tags of a state say: the worst of them. */
export function toneOf(tags: readonly string[]): Tone {
  if (tags.includes('bad')) return 'bad';
  if (tags.includes('warn')) return 'warn';
  return tags.includes('good') ? 'good' : 'calm';
}

/** A state with its colour; a sign beside it says the same to who sees no colours. */
export function StateName({ state, tags }: { state: string; tags: readonly string[] }) {
  return (
    <span class={`state tone-${toneOf(tags)}`}>
      <ToneSign tags={tags} />
      {state}
    </span>
  );
}

/** The sign of a tone alone. */
export function ToneSign({ tags }: { tags: readonly string[] }) {
  const tone = toneOf(tags);
  return (
    <svg class={`sign tone-${tone}`} viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
      <path d={signs[tone]} />
    </svg>
  );
}

/** A disk, a triangle, a cross, a ring. */
const signs: Readonly<Record<Tone, string>> = {
  good: 'M5 1a4 4 0 1 0 .01 0z',
  warn: 'M5 .5 9.8 9.2H.2z',
  bad: 'M1.6.2 5 3.6 8.4.2 9.8 1.6 6.4 5 9.8 8.4 8.4 9.8 5 6.4 1.6 9.8.2 8.4 3.6 5 .2 1.6z',
  calm: 'M5 1a4 4 0 1 0 .01 0zM5 2.6a2.4 2.4 0 1 1-.01 0z',
};
