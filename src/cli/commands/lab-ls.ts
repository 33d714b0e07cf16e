import { attachLab } from '../../lab/lab.js';
import { chooseLab, readLabs } from '../../lab/state.js';
import type { Invocation } from '../invocation.js';
import { labData } from '../lab/chosen-lab.js';
import { hostView, type ShownHost } from '../lab/view.js';
import { listFormatOf } from '../list-format.js';
import { formatList } from '../records.js';

/** `postern lab ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const { streams, env, options } = invocation;
  const data = labData(invocation);
  const wanted = options.text('lab');
  const labs = wanted === undefined ? await readLabs(data) : [await chooseLab(data, wanted)];
  const shown: ShownHost[] = [];
  for (const { name, lab, holder, alive } of labs) {
    if (!alive) {
      streams.stderr.write(
        `the lab '${name}' is gone: its process ${holder.pid} has ended; \`postern lab down --lab ${name}\` forgets it\n`,
      );
      continue;
    }
    const attached = await attachLab(lab, holder, env);
    const cuts = await attached.cuts();
    shown.push(
      ...attached.hosts.map((host) => ({
        lab: name,
        host,
        cuts: cuts.filter((cut) => cut.host === host.name),
      })),
    );
  }
  const format = listFormatOf(invocation);
  if (labs.length === 0 && format === 'table') {
    streams.stderr.write('there is no lab: lay one out with `postern lab up FILE`\n');
    return 0;
  }
  if (shown.length > 0 || format !== 'table') streams.stdout.write(formatList(format, hostView, shown));
  return 0;
}
