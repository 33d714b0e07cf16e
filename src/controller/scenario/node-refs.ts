import { z } from 'zod';

const ref = z.string({ error: 'must be the name of an entry of nodes, or of one node' });

/** Names of entries or of single nodes; one becomes a list. */
export const refs = z.union([ref.transform((one) => [one]), z.array(ref)], {
  error: 'must be a name, or a list of names',
});

/** Key and value as selectors have them, `site=attic`. */
const pairs = z.record(
  z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'is no key of a label'),
  z
    .union([z.string(), z.number(), z.boolean()], { error: 'must be text' })
    .transform(String)
    .pipe(
      z.string().regex(/^[^,=!*]{0,256}$/, 'has a character that values of labels cannot have here: , = ! *'),
    ),
);

/** Labels, as a map or as a selector; `selectorOf` reads both. */
export const labels = z.union([pairs, z.string()], {
  error: 'must be labels such as {site: attic}, or a selector',
});

/** `{site: attic, rack: '4'}` as a selector. */
export function selectorOf(given: z.output<typeof labels>): string {
  if (typeof given === 'string') return given;
  return Object.entries(given)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
