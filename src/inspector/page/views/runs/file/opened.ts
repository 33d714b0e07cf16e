import { signal } from '@preact/signals';
import { errorText } from '../../../../../errors.js';
import type { RunFileHeader } from '../../../../run-file/format.js';
import { RunFileReader } from '../../../../run-file/reader.js';
import type { Hub } from '../../../hub.js';
import { go, href } from '../../../place.js';
import { session } from '../../../session.js';
import { hubOfFile } from './file-hub.js';

/** A file that the page shows in the place of a hub. */
export interface OpenedFile {
  readonly name: string;
  readonly header: RunFileHeader;
  /** What was shown before. */
  readonly before: Hub | undefined;
}

/** The file that is shown; undefined: a hub is. */
export const openedFile = signal<OpenedFile | undefined>(undefined);
/** Why a file is not shown, for people; empty: none was refused. */
export const fileProblem = signal('');

/** Shows a file, packed or not; where it is none of a run, `fileProblem` says why. Never rejects. */
export async function openFile(data: Blob, name: string): Promise<void> {
  try {
    const reader = new RunFileReader(name);
    for await (const bytes of parts(await unpacked(data))) reader.push(bytes);
    const file = reader.end();
    const before = openedFile.value === undefined ? session.value : openedFile.value.before;
    const hub = hubOfFile(file, name);
    fileProblem.value = '';
    openedFile.value = { name, header: file.header, before };
    session.value = hub;
    go(href(['runs', file.header.run]));
  } catch (thrown) {
    const why = errorText(thrown);
    fileProblem.value = why.startsWith(name) ? why : `${name}: it cannot be unpacked: ${why}`;
  }
}

/** A file that is dropped on the page is opened, wherever in the page one is. */
export function openDroppedFiles(): void {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file === undefined) return;
    void openFile(file, file.name).then(() => {
      // There it is said why it was not opened.
      if (fileProblem.value !== '' && session.value !== undefined) go(href(['runs']));
    });
  });
}

/** Shows again what was shown before. */
export function closeFile(): void {
  const opened = openedFile.value;
  if (opened === undefined) return;
  openedFile.value = undefined;
  session.value = opened.before;
  go(href(['runs']));
}

/** Where the file is that this page was served with: whoever serves it names it in the document. */
const served = named('postern-run-file');
/** Where the report of that file is, as a page. */
export const servedReport = named('postern-report');

/** The page was served with a file, and without a hub. */
export const isServedFile = served !== undefined;

/** Opens the file that this page was served with. Never rejects. */
export async function openServedFile(): Promise<void> {
  if (served === undefined) return;
  const name = decodeURIComponent(served.split('/').at(-1) ?? served);
  try {
    const answer = await fetch(served);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const place = location.pathname + location.search;
    await openFile(await answer.blob(), name);
    // A link into the file leads to where it says.
    if (openedFile.value !== undefined && /^\/inspect\/\w/.test(place)) go(place, true);
  } catch (thrown) {
    fileProblem.value = `${name} cannot be read: ${errorText(thrown)}`;
  }
}

async function unpacked(data: Blob): Promise<ReadableStream<Uint8Array>> {
  const [first, second] = new Uint8Array(await data.slice(0, 2).arrayBuffer());
  const isPacked = first === 0x1f && second === 0x8b;
  return isPacked ? data.stream().pipeThrough(new DecompressionStream('gzip')) : data.stream();
}

async function* parts(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function named(name: string): string | undefined {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute('content') ?? undefined;
}
