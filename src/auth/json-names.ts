/** A string, or a sign that tells where names stand; all else in valid JSON is of no interest here. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * True when an object in the JSON text, at any depth, names a member twice: readers differ in which one they take.
 * @param text has to be valid JSON.
 */
export function namesTwice(text: string): boolean {
  /** Of the open objects the names so far; undefined for an open array. */
  const open: (Set<unknown> | undefined)[] = [];
  let last: string | undefined;
  for (const [sign] of text.matchAll(tokens)) {
    if (sign === '{') open.push(new Set());
    else if (sign === '[') open.push(undefined);
    else if (sign === '}' || sign === ']') open.pop();
    else if (sign === ':' && last !== undefined) {
      const names = open.at(-1);
      // Escapes can spell one name in many ways.
      const name: unknown = JSON.parse(last);
      if (names?.has(name) ?? false) return true;
      names?.add(name);
    }
    last = sign.startsWith('"') ? sign : undefined;
  }
  return false;
}
