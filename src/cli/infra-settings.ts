import { z } from 'zod';
import type { AgentConfigInput } from '../agent/config.js';
import { defaultInfraListen, infraConfig } from '../agent/infra/config.js';
import { PosternError } from '../errors.js';
import type { Binding } from './settings.js';

/** Where controllers of before are served, as a `--config` file writes it. */
export const infraSettings = z.strictObject({
  listen: z
    .union([z.literal('off'), infraConfig.shape.listen.unwrap()], {
      error: "it is neither 'off' nor an address HOST:PORT",
    })
    .optional(),
  tokenFile: infraConfig.shape.tokenFile,
  grants: infraConfig.shape.grants.unwrap().optional(),
  tls: infraConfig.shape.tls,
});

export const infraBindings: readonly Binding[] = [
  { option: 'infra-listen', key: ['infra', 'listen'] },
  { option: 'infra-token-file', key: ['infra', 'tokenFile'] },
  { option: 'infra-grant', key: ['infra', 'grants'], read: readGrants },
  { option: 'infra-tls-cert', key: ['infra', 'tls', 'cert'] },
  { option: 'infra-tls-key', key: ['infra', 'tls', 'key'] },
];

/** Where nobody says so, an agent with a daemon listens at the usual address, if that is free. */
export function infraOf(settings: z.infer<typeof infraSettings> = {}): Pick<AgentConfigInput, 'infra'> {
  const { listen, ...others } = settings;
  if (listen === 'off') return {};
  return { infra: { listen: listen ?? defaultInfraListen, optional: listen === undefined, ...others } };
}

/** `NAME=ADDRESS` or `NAME=NETWORK` as legacy grants. Throws `PosternError`. */
function readGrants(value: unknown): unknown {
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  return texts.map((text) => {
    const [, name, from] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name !== undefined && from !== undefined) return { name, from };
    throw new PosternError('GRANT_INVALID', `'${text}' is not of the form NAME=ADDRESS or NAME=NETWORK`);
  });
}
