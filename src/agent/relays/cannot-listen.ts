import { errorText, PosternError } from '../../errors.js';
import { formatAddress } from '../../wire/address.js';
import type { RelaySpec } from '../relay-spec.js';

/** `RELAY_UNUSABLE` (exit status 2): the relay cannot listen. */
export function cannotListen({ protocol, listen }: RelaySpec, thrown: unknown): PosternError {
  return new PosternError(
    'RELAY_UNUSABLE',
    `the ${protocol} relay cannot listen at ${formatAddress(listen)}: ${errorText(thrown)}`,
    {
      hint: 'name another address with --daemon-relay, or end what listens there',
      exitCode: 2,
      cause: thrown,
    },
  );
}
