import { type AccountsConfig, accountsConfig } from '../../accounts/config.js';
import { configInvalid } from '../config-file.js';

/**
 * The configuration, with the LiveKit server that the environment names as LiveKit's own programs have it named: `LIVEKIT_API_KEY`,
 * `LIVEKIT_API_SECRET`, `LIVEKIT_URL`. What the configuration says itself wins. Throws `CONFIG_INVALID`.
 */
export function withLiveKitOf(env: NodeJS.ProcessEnv, config: AccountsConfig): AccountsConfig {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret, LIVEKIT_URL: url } = env;
  if (config.rooms.livekit !== undefined || !key || !secret) return config;
  const livekit = { key, secret, ...(url ? { url } : {}) };
  const parsed = accountsConfig.shape.rooms.safeParse({ ...config.rooms, livekit });
  if (parsed.success) return { ...config, rooms: parsed.data };
  throw configInvalid(
    parsed.error.issues.map(({ message }) => `LIVEKIT_URL: ${message}`),
    ['accounts', 'serve'],
  );
}
