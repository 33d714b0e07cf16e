import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { zshScript } from '../completion/zsh.js';
import { type Invocation, requiredWord } from '../invocation.js';

const scripts = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
]);

/** `postern completion`. */
export async function run(invocation: Invocation): Promise<number> {
  // The parser takes no other shell.
  invocation.streams.stdout.write(scripts.get(requiredWord(invocation, 0))?.() ?? '');
  return 0;
}
