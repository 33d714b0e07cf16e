import { type Invocation, requiredWord } from '../invocation.js';
import { chosenLab, cutOf } from '../lab/chosen-lab.js';

/** `postern lab heal`. */
export async function run(invocation: Invocation): Promise<number> {
  const lab = await chosenLab(invocation);
  await lab.heal(requiredWord(invocation, 0), cutOf(invocation));
  return 0;
}
