import { type Invocation, requiredWord } from '../invocation.js';
import { operateActor } from '../operate/operate-actor.js';

/** `postern nodes resume`. */
export function run(invocation: Invocation): Promise<number> {
  return operateActor(invocation, { machine: 'node', id: requiredWord(invocation, 0) }, 'resume');
}
