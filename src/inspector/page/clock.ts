import { signal } from '@preact/signals';

/** Unix time in milliseconds, as of the last whole second; still while the page is hidden. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
