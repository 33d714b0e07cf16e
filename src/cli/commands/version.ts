import { posternVersion } from '../../package-info.js';
import type { Invocation } from '../invocation.js';

/** `postern version`. */
export async function run(invocation: Invocation): Promise<number> {
  const version = posternVersion();
  const asJson = invocation.options.text('output') === 'json';
  const { node } = process.versions;
  const whole = { version, node, platform: `${process.platform}-${process.arch}` };
  invocation.streams.stdout.write(`${asJson ? JSON.stringify(whole) : version}\n`);
  return 0;
}
