import { PosternError } from '../../errors.js';

/** Machines that actors run by. */
const machines: readonly string[] = [
  'node',
  'link',
  'daemon',
  'process',
  'test',
  'fault',
  'reliability',
  'run',
];

/** Which actor is meant. */
export interface ActorWord {
  readonly machine: string;
  readonly id: string;
}

/** Reads `machine/id`, or the name of a node. Throws `ACTOR_INVALID` (exit status 2). */
export function readActor(word: string): ActorWord {
  const slash = word.indexOf('/');
  const [machine, id] = slash < 0 ? ['node', word] : [word.slice(0, slash), word.slice(slash + 1)];
  if (machines.includes(machine) && /^[A-Za-z0-9_.-]{1,256}$/.test(id)) return { machine, id };
  throw new PosternError('ACTOR_INVALID', `${JSON.stringify(word)} is no actor`, {
    hint: `it is MACHINE/ID, such as link/cellar.3Kx9fQ, or the name of a node; machines are ${machines.join(', ')}`,
    exitCode: 2,
  });
}
