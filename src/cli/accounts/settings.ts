import { type AccountsConfig, accountsConfig } from '../../accounts/config.js';
import { configInvalid, readConfigFile } from '../config-file.js';
import type { Invocation } from '../invocation.js';
import { type Binding, readSettings } from '../settings.js';
import { withLiveKitOf } from './livekit-environment.js';

/** What the options of `postern accounts serve` stand for. */
const bindings: readonly Binding[] = [
  { option: 'rest-listen', key: ['listen', 'rest'] },
  { option: 'auth-listen', key: ['listen', 'auth'] },
  { option: 'storage-listen', key: ['listen', 'storage'] },
  { option: 'rooms-listen', key: ['listen', 'rooms'] },
  { option: 'admin', key: ['admins'] },
];

/** The settings of `postern accounts serve`. Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE`. */
export async function readAccountsSettings(invocation: Invocation): Promise<AccountsConfig> {
  return withLiveKitOf(invocation.env, await readSettings(invocation, accountsConfig, bindings));
}

/** The settings that `postern up --accounts FILE` names. Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE`. */
export async function accountsBeside(
  file: string,
  { command, env }: Pick<Invocation, 'command' | 'env'>,
): Promise<AccountsConfig> {
  const parsed = accountsConfig.safeParse(await readConfigFile(file, command.path));
  if (parsed.success) return withLiveKitOf(env, parsed.data);
  throw configInvalid(
    parsed.error.issues.map(
      ({ path, message }) => `${file}: ${path.map(String).join('.') || 'the file'}: ${message}`,
    ),
    command.path,
  );
}
