/**
 * Lets arrow keys, Home and End walk through a grid of buttons of which only one is reached by Tab: a grid of 40 by 40 would
 * be 1,600 stops otherwise. Fields without a button are stepped over.
 */
export function walkable(
  grid: HTMLElement,
  rows: readonly (readonly (HTMLButtonElement | undefined)[])[],
): void {
  const all = rows.flat().filter((one) => one !== undefined);
  for (const one of all) one.tabIndex = -1;
  const first = all[0];
  if (first !== undefined) first.tabIndex = 0;
  grid.addEventListener('focusin', (event) => {
    const entered = all.find((one) => one === event.target);
    if (entered === undefined) return;
    for (const one of all) one.tabIndex = one === entered ? 0 : -1;
  });
  grid.addEventListener('keydown', (event) => {
    const row = rows.findIndex((cells) => cells.some((cell) => cell !== undefined && cell === event.target));
    const column = rows[row]?.findIndex((cell) => cell !== undefined && cell === event.target) ?? -1;
    if (row < 0 || column < 0) return;
    const next = step(rows, row, column, event.key);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
}

function step(
  rows: readonly (readonly (HTMLButtonElement | undefined)[])[],
  row: number,
  column: number,
  key: string,
): HTMLButtonElement | undefined {
  const line = rows[row] ?? [];
  if (key === 'Home') return line.find((one) => one !== undefined);
  if (key === 'End') return line.findLast((one) => one !== undefined);
  const [down, right] =
    { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [];
  if (down === undefined || right === undefined) return undefined;
  for (let i = row + down, k = column + right; ; i += down, k += right) {
    const cells = rows[i];
    if (cells === undefined || k < 0 || k >= cells.length) return undefined;
    const found = cells[k];
    if (found !== undefined) return found;
  }
}
