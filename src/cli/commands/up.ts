import type { Invocation } from '../invocation.js';

export async function run(_invocation: Invocation): Promise<number> {
  return 1;
}
