import { useState } from 'preact/hooks';

/** A command for a terminal, and a button that copies it. */
export function CopyCommand({ name, command }: { name: string; command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
      setTimeout(() => setCopied(false), 3_000);
    } catch {
      // Pages that did not come by HTTPS may have no clipboard: the text can be selected.
      setCopied(false);
    }
  };
  return (
    <section class="command" aria-label={`${name} command`}>
      <button type="button" onClick={() => void copy()}>
        Copy as {name}
      </button>
      {copied && <span role="status"> copied</span>}
      <pre>{command}</pre>
    </section>
  );
}
