import { z } from 'zod';

/** Longest name of a group or a test: the name of a test on the nodes is made of both, and is one subject token. */
export const longestName = 24;

/** Name of a group or a test. */
export const nameForm = /^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/;
export const plainName = z
  .string()
  .regex(
    nameForm,
    `a name is lower-case letters, digits and hyphens, at most ${longestName}, with no hyphen at an end`,
  );

/** Name of a scenario. */
export const scenarioName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    'a name is lower-case letters, digits and hyphens, at most 40, with no hyphen at an end',
  );

/** Any text as a name: what is no letter or digit becomes a hyphen. Empty where there is none of these. */
export function asName(text: string, longest: number): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, longest)
    .replace(/-+$/, '');
}

/** `partition` of `scenarios/Partition.scenario.yaml`. */
export function nameOfFile(file: string): string {
  const [stem = ''] = (file.split(/[/\\]/).at(-1) ?? '').split('.');
  return asName(stem, 40) || 'scenario';
}
