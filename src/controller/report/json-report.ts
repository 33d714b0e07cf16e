import type { Judgement } from '../judging/judgement.js';
import { judgementSchema } from './judgement-schema.js';

/**
 * A judgement as JSON for programs, as `schemas/report.schema.json` describes it: fields always in the same order, a list of
 * numbers on one line.
 */
export function jsonReport(judgement: Judgement): string {
  const text = JSON.stringify(judgementSchema.parse(judgement), undefined, 2);
  // Within strings there are no line breaks: what is matched is a list.
  const lists = /\[\n\s+(-?[\d.eE+-]+(?:,\n\s+-?[\d.eE+-]+)*)\n\s+\]/g;
  return `${text.replace(lists, (_, numbers: string) => `[${numbers.replace(/,\n\s+/g, ', ')}]`)}\n`;
}
