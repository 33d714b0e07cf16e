import { effect, type Signal, signal } from '@preact/signals';

/** Whether the page is light or dark; `system`: as the reader's machine is. */
export type Theme = 'system' | 'light' | 'dark';
/** In which zone times are shown. */
export type Zone = 'local' | 'utc';

/** The theme, remembered by the browser; `data-theme` of the document says it. */
export const theme = remembered<Theme>('postern-theme', ['system', 'light', 'dark']);
/** The zone, remembered by the browser. */
export const zone = remembered<Zone>('postern-zone', ['local', 'utc']);
/** No stream is held while this is true: what is shown stays as it is. */
export const paused = signal(false);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** One of some values, the first unless another was chosen before. */
function remembered<T extends string>(key: string, values: readonly [T, ...T[]]): Signal<T> {
  const kept = localStorage.getItem(key);
  const chosen = signal(values.find((value) => value === kept) ?? values[0]);
  effect(() => localStorage.setItem(key, chosen.value));
  return chosen;
}
