import { type Invocation, requiredWord } from '../invocation.js';
import { chosenLab, cutOf } from '../lab/chosen-lab.js';

/** `postern lab cut`. */
export async function run(invocation: Invocation): Promise<number> {
  const lab = await chosenLab(invocation);
  await lab.cut(requiredWord(invocation, 0), {
    ...cutOf(invocation),
    forMs: invocation.options.durationMs('duration'),
  });
  return 0;
}
