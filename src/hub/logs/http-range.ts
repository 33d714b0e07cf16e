/** Which bytes of a file are asked for, the last one excluded. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What a `Range` field asks for (RFC 9110 §14): `undefined` is all of it, as for anything that is not understood or names
 * several ranges; `'none'` lies wholly behind the end.
 */
export function readRange(field: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(field?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { from: size - length, to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= size) return 'none';
  return { from, to: last === '' ? size : Math.min(Number(last) + 1, size) };
}
