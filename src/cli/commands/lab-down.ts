import { endHolder } from '../../lab/holder.js';
import { chooseLab, forgetLab, readLabs } from '../../lab/state.js';
import type { Invocation } from '../invocation.js';
import { labData } from '../lab/chosen-lab.js';

/** `postern lab down`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const data = labData(invocation);
  const wanted = options.text('lab');
  const labs = (await readLabs(data)).filter(({ name }) => wanted === undefined || name === wanted);
  const gone = labs.filter(({ alive }) => !alive);
  for (const { name } of gone) {
    await forgetLab(data, name);
    streams.stderr.write(`the lab '${name}' was gone already\n`);
  }
  if (gone.length > 0 && gone.length === labs.length) return 0;
  const { name, holder } = await chooseLab(data, wanted);
  await endHolder(holder);
  await forgetLab(data, name);
  return 0;
}
