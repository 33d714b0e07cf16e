import { place, setQuery } from '../place.js';
import { count } from './format.js';

interface QueryChoiceProps {
  readonly label: string;
  /** Word of the query that keeps the choice. */
  readonly name: string;
  /** What stands there when nothing is chosen. */
  readonly all: string;
  /** What may be chosen, and how many there are of it. */
  readonly values: ReadonlyMap<string, number>;
}

/** One of many values, or all; kept in the URL. */
export function QueryChoice({ label, name, all, values }: QueryChoiceProps) {
  const chosen = place.value.query.get(name) ?? '';
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <select
      aria-label={label}
      value={chosen}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
    >
      <option value="">{all}</option>
      {chosen !== '' && !values.has(chosen) && <option value={chosen}>{chosen} (0)</option>}
      {sorted.map(([value, n]) => (
        <option key={value} value={value}>
          {value} ({count(n)})
        </option>
      ))}
    </select>
  );
}
