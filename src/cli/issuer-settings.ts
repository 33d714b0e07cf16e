import { z } from 'zod';
import { type IssuerConfigInput, issuerConfig } from '../auth/issuers.js';
import type { Binding } from './settings.js';

/** Whose tokens a hub takes beside its own: any number in a file, one by options. */
export const issuerSettings = {
  issuers: z.array(issuerConfig).max(16).optional(),
  jwt: issuerConfig.optional(),
};

export const issuerBindings: readonly Binding[] = [
  { option: 'jwt-issuer', key: ['jwt', 'issuer'] },
  { option: 'jwt-audience', key: ['jwt', 'audience'] },
  { option: 'jwt-jwks', key: ['jwt', 'jwks'] },
];

/** All issuers that were named. */
export function issuersOf(settings: {
  issuers?: readonly IssuerConfigInput[] | undefined;
  jwt?: IssuerConfigInput | undefined;
}): IssuerConfigInput[] {
  return [...(settings.issuers ?? []), ...(settings.jwt === undefined ? [] : [settings.jwt])];
}
