import { z } from 'zod';
import { type IssuerConfigInput, issuerConfig } from '../auth/issuers.js';
import type { OptionSpec } from './command-spec.js';
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

export const issuerOptions: readonly OptionSpec[] = [
  {
    name: 'jwt-issuer',
    kind: 'text',
    value: 'ISSUER',
    summary:
      'also take tokens of this issuer (their claim iss); more about it, and more of them, in the file',
  },
  {
    name: 'jwt-audience',
    kind: 'text',
    value: 'NAME',
    summary: 'what the claim aud of its tokens has to name',
  },
  {
    name: 'jwt-jwks',
    kind: 'text',
    value: 'URL',
    summary: 'where its public keys are: an https URL, or the absolute path of a file',
  },
];

/** All issuers that were named. */
export function issuersOf(settings: {
  issuers?: readonly IssuerConfigInput[] | undefined;
  jwt?: IssuerConfigInput | undefined;
}): IssuerConfigInput[] {
  return [...(settings.issuers ?? []), ...(settings.jwt === undefined ? [] : [settings.jwt])];
}
