import type { Move } from './model.js';

/** What can be shown of a machine that nobody knows: the states that its transitions named, and the present one. */
export function StatesSeen({ moves, state }: { readonly moves: readonly Move[]; readonly state: string }) {
  const names = moves.flatMap(({ from, to }) => [from, to]).filter((name) => name !== '');
  return (
    <div class="states-seen">
      <p class="notice">
        Nobody who runs this machine is there, so there is no chart. These are the states that its transitions
        named.
      </p>
      <ul>
        {[...new Set([...names, state])].map((name) => (
          <li key={name} aria-current={name === state ? 'true' : undefined}>
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
