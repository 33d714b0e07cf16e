import { useRef } from 'preact/hooks';
import { Notice } from '../../../parts/notice.js';
import { Time } from '../../../parts/time.js';
import { closeFile, fileProblem, openedFile, openFile } from './opened.js';

/** A button that opens a file of a run. */
export function OpenFile() {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => field.current?.click()}>
        Open a file…
      </button>
      <input
        ref={field}
        type="file"
        class="file-field"
        aria-label="File of a run"
        tabIndex={-1}
        onChange={(event) => {
          const { currentTarget } = event;
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) void openFile(file, file.name);
          // The same one may be chosen again.
          currentTarget.value = '';
        }}
      />
      <FileProblem />
    </>
  );
}

/** Why a file was not opened. */
export function FileProblem() {
  if (fileProblem.value === '') return null;
  return <Notice bad>{fileProblem.value}</Notice>;
}

/** What is shown while the file that the page was served with is read, or where it cannot be. */
export function ServedFile() {
  return (
    <main class="log-in">
      <h1>Postern</h1>
      {fileProblem.value === '' ? <Notice>The file is read…</Notice> : <FileProblem />}
    </main>
  );
}

/** Says that a file is shown, and not a hub. */
export function FileBanner() {
  const opened = openedFile.value;
  if (opened === undefined) return null;
  return (
    <p class="file-banner" role="status">
      From the file <b>{opened.name}</b>, exported <Time ms={opened.header.exportedAtMs} as="full" />: nothing
      here is live.
      {opened.before !== undefined && (
        <button type="button" onClick={closeFile}>
          Back to the hub
        </button>
      )}
    </p>
  );
}
