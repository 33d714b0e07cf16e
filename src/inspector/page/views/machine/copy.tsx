import { useState } from 'preact/hooks';

/** Copies a text, and says so. */
export function Copy({
  text,
  children,
  title,
}: {
  readonly text: () => string;
  readonly children: string;
  readonly title: string;
}) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    const what = text();
    try {
      await navigator.clipboard.writeText(what);
      setSaid('copied');
    } catch {
      // Without a secure origin there is no clipboard: the text is there to be selected.
      setSaid(what);
    }
    setTimeout(() => setSaid(''), 8_000);
  };
  return (
    <>
      <button type="button" title={title} onClick={() => void copy()}>
        {children}
      </button>
      {said === '' ? null : said === 'copied' ? (
        <span role="status"> copied</span>
      ) : (
        <input readOnly aria-label={title} value={said} onFocus={(event) => event.currentTarget.select()} />
      )}
    </>
  );
}
