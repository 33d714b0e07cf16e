/** Size of the letters that labels are written in, pixels. */
export const letterSize = 12;

/** How wide letters are in common sans-serif fonts, in parts of their size. */
const widths: readonly [RegExp, number][] = [
  [/[ijl.,:;'|!]/, 0.3],
  [/[ ftr()[\]/-]/, 0.4],
  [/[mwMW@%]/, 0.95],
  [/[A-Z_&]/, 0.72],
];
const usual = 0.58;

/** How wide a text is about, pixels: rather more than less. */
export function textWidth(text: string, size = letterSize): number {
  let sum = 0;
  for (const letter of text) sum += widths.find(([form]) => form.test(letter))?.[1] ?? usual;
  return Math.ceil(sum * size);
}
