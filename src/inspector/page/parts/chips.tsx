import type { ComponentChildren } from 'preact';
import { place, setQuery } from '../place.js';
import { count } from './format.js';

/** What may be chosen. */
export interface Chip {
  readonly value: string;
  readonly text?: ComponentChildren;
  /** How many there are of it. */
  readonly count: number;
}

interface ChipsProps {
  /** What is chosen among, for people. */
  readonly label: string;
  /** Word of the query that keeps the choice, with commas between. */
  readonly name: string;
  readonly chips: readonly Chip[];
}

/** Buttons that each choose one value, or some; without any chosen all are meant. The choice is in the URL. */
export function Chips({ label, name, chips }: ChipsProps) {
  const chosen = chosenIn(name);
  const missing = [...chosen].filter((value) => !chips.some((chip) => chip.value === value));
  if (chips.length === 0 && missing.length === 0) return null;
  return (
    <fieldset class="chips">
      <legend>{label}</legend>
      {[...chips, ...missing.map((value): Chip => ({ value, count: 0 }))].map(({ value, text, count: n }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.has(value)}
          onClick={() => setQuery({ [name]: toggled(chosen, value) })}
        >
          {text ?? value} <span class="count">{count(n)}</span>
        </button>
      ))}
    </fieldset>
  );
}

/** What is chosen by a word of the query; none: everything. */
export function chosenIn(name: string): ReadonlySet<string> {
  return new Set((place.value.query.get(name) ?? '').split(',').filter((value) => value !== ''));
}

function toggled(chosen: ReadonlySet<string>, value: string): string {
  const next = new Set(chosen);
  if (!next.delete(value)) next.add(value);
  return [...next].sort().join(',');
}
