import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';
import { createPrivateFile, hasErrorCode, readPrivateFile } from '../private-file.js';
import { type Holder, isAlive } from './holder.js';
import { type CheckedLab, labSchema } from './spec.js';

const stateSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  holder: z.object({ pid: z.int().positive(), mark: z.string(), rootless: z.boolean() }),
  /** ISO 8601. */
  since: z.string(),
  lab: labSchema,
});

/** A lab as its file in the data directory tells of it. */
export interface KnownLab {
  readonly name: string;
  readonly holder: Holder;
  readonly since: string;
  readonly lab: CheckedLab;
  /** False: its holder has ended, and with it the lab. */
  readonly alive: boolean;
}

const folderOf = (data: string): string => join(data, 'labs');
const fileOf = (data: string, name: string): string => join(folderOf(data), `${name}.json`);

/**
 * Writes the file of a lab that was just laid out. Resolves to false where a lab of this name lives already; the file
 * of one that is gone is replaced. Throws `DATA_UNUSABLE`.
 */
export async function keepLab(data: string, known: Omit<KnownLab, 'alive'>): Promise<boolean> {
  const { name, holder, since, lab } = known;
  const { pid, mark, rootless } = holder;
  const text = `${JSON.stringify({ version: 1, name, holder: { pid, mark, rootless }, since, lab }, null, 2)}\n`;
  if (await createPrivateFile(fileOf(data, name), text)) return true;
  if ((await readLab(data, name))?.alive === true) return false;
  await forgetLab(data, name);
  return createPrivateFile(fileOf(data, name), text);
}

/** Removes the file of a lab. */
export async function forgetLab(data: string, name: string): Promise<void> {
  await rm(fileOf(data, name), { force: true });
}

/** One lab; undefined where there is none of this name. Throws `LAB_STATE_INVALID` and `DATA_UNUSABLE`. */
export async function readLab(data: string, name: string): Promise<KnownLab | undefined> {
  const file = fileOf(data, name);
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  try {
    const { version: _, ...known } = stateSchema.parse(JSON.parse(text));
    return { ...known, alive: await isAlive(known.holder) };
  } catch (thrown) {
    throw new PosternError('LAB_STATE_INVALID', `${file} is not the file of a lab: ${errorText(thrown)}`, {
      hint: 'remove it; a lab that it meant can be ended by killing its process',
      cause: thrown,
    });
  }
}

/** All labs of a data directory, by name. Throws `LAB_STATE_INVALID` and `DATA_UNUSABLE`. */
export async function readLabs(data: string): Promise<KnownLab[]> {
  const files = await readdir(folderOf(data)).catch((thrown: unknown) => {
    if (hasErrorCode(thrown, 'ENOENT')) return [];
    throw new PosternError('DATA_UNUSABLE', `cannot read ${folderOf(data)}: ${errorText(thrown)}`, {
      cause: thrown,
    });
  });
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  const labs = await Promise.all(names.sort().map((name) => readLab(data, name)));
  return labs.filter((lab) => lab !== undefined);
}

/**
 * The lab that is meant: the one of this name, else the only one that lives. Throws `LAB_NONE`, `LAB_GONE` and
 * `LAB_WHICH`.
 */
export async function chooseLab(data: string, name: string | undefined): Promise<KnownLab> {
  const labs = await readLabs(data);
  const living = labs.filter((lab) => lab.alive);
  const [chosen] = name === undefined ? living : labs.filter((lab) => lab.name === name);
  if (name === undefined && living.length > 1) {
    const names = living.map((lab) => lab.name).join(', ');
    throw new PosternError('LAB_WHICH', `there are ${living.length} labs: ${names}`, {
      hint: 'say which one with --lab NAME',
      exitCode: 2,
    });
  }
  if (chosen?.alive === true) return chosen;
  const gone = chosen ?? (name === undefined ? labs[0] : undefined);
  if (gone !== undefined) {
    throw new PosternError(
      'LAB_GONE',
      `the lab '${gone.name}' is gone: its process has ended, and everything with it`,
      {
        hint: 'lay it out again with `postern lab up FILE`',
      },
    );
  }
  const what = name === undefined ? 'no lab' : `no lab '${name}'`;
  throw new PosternError('LAB_NONE', `there is ${what} in ${data}`, {
    hint: 'lay one out with `postern lab up FILE`, or say where it is with --data',
  });
}
