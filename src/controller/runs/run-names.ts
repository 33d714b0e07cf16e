import { randomInt } from 'node:crypto';
import { PosternError } from '../../errors.js';

const longestScenario = 36;
/** No letters that look like others. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A name for a run, from its scenario and time: `partition-20261121-1530-k3fq`. */
export function newRunName(scenario: string, atMs: number): string {
  const word = scenario
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, longestScenario);
  const [day = '', time = ''] = new Date(atMs).toISOString().replace(/[-:]/g, '').split('T');
  const lot = Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
  return `${word === '' ? 'run' : word}-${day}-${time.slice(0, 4)}-${lot}`;
}

/** Throws `INVALID_ARGUMENT` for what cannot be the name of a run. */
export function checkRunName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  throw new PosternError(
    'INVALID_ARGUMENT',
    `run: '${name.slice(0, 80)}' is none: letters, digits, - and _, at most 64`,
  );
}
