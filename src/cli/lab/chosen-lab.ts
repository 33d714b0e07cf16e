import { resolve } from 'node:path';
import { defaultDataDirectory } from '../../client/data-directory.js';
import type { CutDirection, CutOptions, CutScope } from '../../lab/cuts.js';
import { attachLab, type Lab } from '../../lab/lab.js';
import { chooseLab } from '../../lab/state.js';
import type { Invocation } from '../invocation.js';

/** The data directory that labs are known in. */
export function labData({ options, env }: Invocation): string {
  return resolve(options.text('data') ?? defaultDataDirectory(env));
}

/** The lab that a command is about. */
export async function chosenLab(invocation: Invocation): Promise<Lab> {
  const known = await chooseLab(labData(invocation), invocation.options.text('lab'));
  return attachLab(known.lab, known.holder, invocation.env);
}

const scopes: readonly CutScope[] = ['hub', 'peers', 'all'];
const directions: readonly CutDirection[] = ['both', 'out', 'in'];

/** Which cut `--scope`, `--from` and `--direction` mean. */
export function cutOf({ options }: Invocation): Omit<CutOptions, 'forMs'> {
  return {
    scope: scopes.find((scope) => scope === options.text('scope')),
    from: options.text('from'),
    direction: directions.find((direction) => direction === options.text('direction')),
  };
}
