import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { FieldPath, LineAndColumn } from './message-text.js';

/** Where a value stands in a YAML document: at its key, or where the item of a list begins. */
export function placeInYaml(text: string, path: FieldPath, start: LineAndColumn): LineAndColumn | undefined {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const offset = offsetOf(document.contents, path);
  if (offset === undefined) return undefined;
  const { line, col } = lineCounter.linePos(offset);
  return {
    line: start.line + line - 1,
    column: line === 1 ? start.column + col - 1 : col,
  };
}

/** The offset of the thing, or of what is nearest around it. */
function offsetOf(root: Node | null, path: FieldPath): number | undefined {
  let at: unknown = root;
  let offset = root?.range?.[0];
  for (const part of path) {
    if (isMap(at)) {
      const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      if (isScalar(pair.key) && pair.key.range != null) offset = pair.key.range[0];
      at = pair.value;
    } else if (isSeq(at)) {
      at = at.items[Number(part)];
      if (typeof at !== 'object' || at === null || !('range' in at) || !Array.isArray(at.range))
        return offset;
      offset = Number(at.range[0]);
    } else return offset;
  }
  return offset;
}
