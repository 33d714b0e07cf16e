import { rotateCallerKey } from '../../auth/caller-tokens.js';
import { type RotatedBusKey, rotateBusKey, rotatedBusKeys } from '../../bus/key-rotation.js';
import { PosternError } from '../../errors.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { mustHaveKeys } from '../must-have-keys.js';
import { dataDirectoryOf } from '../with-hub.js';

/** What has to be done for a new key to be used. */
const next: Readonly<Record<'caller' | RotatedBusKey, string>> = {
  caller: 'restart the hubs; copy keys/ to those on other machines first',
  signing: 'restart the hubs; a NATS server of your own first: `postern init`, then reload it',
  system: 'restart the hubs; a NATS server of your own first: `postern init`, then restart it',
  operator: 'restart the hubs; a NATS server of your own first: `postern init`, then restart it',
};

/** `postern keys rotate`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  const keys = await mustHaveKeys(dataDirectoryOf(invocation));
  const keepMs = invocation.options.durationMs('keep') ?? 0;
  if (name === 'caller') await rotateCallerKey(keys, keepMs);
  else await rotateBusKey(keys, busKey(name), keepMs);
  const what = name === 'caller' ? name : busKey(name);
  invocation.streams.stderr.write(`a new ${what} key is in ${keys}; now ${next[what]}\n`);
  return 0;
}

function busKey(name: string): RotatedBusKey {
  const known = rotatedBusKeys.find((one) => one === name);
  if (known !== undefined) return known;
  throw new PosternError('KEY_UNKNOWN', `there is no key '${name}' that can be replaced`, { exitCode: 2 });
}
