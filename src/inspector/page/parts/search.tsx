import { place, setQuery } from '../place.js';

/** A field to search by; what is in it is in the URL, as `q`. The key `/` leads to it. */
export function Search({ label }: { label: string }) {
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={`${label} (/)`}
      size={Math.max(20, label.length + 6)}
      spellcheck={false}
      value={place.value.query.get('q') ?? ''}
      onInput={(event) => setQuery({ q: event.currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        if (event.currentTarget.value === '') event.currentTarget.blur();
        else setQuery({ q: '' });
        event.preventDefault();
      }}
    />
  );
}
