/** The browser reads what it saves some time after the click, milliseconds. */
const releaseMs = 60_000;

/** Has the browser save some data as a file. */
export function download(data: Blob, name: string): void {
  const url = URL.createObjectURL(data);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), releaseMs);
}
