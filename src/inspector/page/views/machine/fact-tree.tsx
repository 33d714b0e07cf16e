import type { Fact } from './facts.js';

/** The facts that an actor keeps, as a tree; those that its last transition changed are marked. */
export function FactTree({ fact }: { readonly fact: Fact | undefined }) {
  if (fact === undefined) return <p class="soft">Not known.</p>;
  if (fact.facts.length === 0 && fact.name === '') return <p class="soft">None.</p>;
  return <Facts facts={fact.facts} more={fact.more} />;
}

function Facts({ facts, more }: { readonly facts: readonly Fact[]; readonly more: number }) {
  return (
    <ul class="fact-list">
      {facts.map((fact) => (
        <li key={fact.name} class={fact.changed ? 'changed' : ''}>
          {fact.value === undefined ? (
            <details open>
              <summary>
                {fact.name} <Mark changed={fact.changed} />
              </summary>
              <Facts facts={fact.facts} more={fact.more} />
            </details>
          ) : (
            <>
              <span class="key">{fact.name}</span> <code>{fact.value}</code> <Mark changed={fact.changed} />
            </>
          )}
        </li>
      ))}
      {more > 0 ? <li class="soft">and {more} more</li> : null}
    </ul>
  );
}

function Mark({ changed }: { readonly changed: boolean }) {
  return changed ? <span class="changed-mark">changed</span> : null;
}
