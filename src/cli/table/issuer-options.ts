import type { OptionSpec } from '../command-spec.js';

/** Options of whose tokens a hub takes beside its own. */
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
