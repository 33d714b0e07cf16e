/** What to do about a refusal, by its code. */
const hints: Readonly<Record<string, string>> = {
  TOKEN_INVALID: 'check that the token was copied whole, or make a new one: postern token create --join NODE',
  TOKEN_USED: 'a join token binds one key; make a new one: postern token create --join NODE',
  TOKEN_EXPIRED: 'make a new one: postern token create --join NODE',
  KEY_UNKNOWN: 'join once with a token: postern token create --join NODE, then --token TOKEN',
  UNAUTHENTICATED: 'join with a token: postern token create --join NODE',
};

/** What to do about a refusal of a node by the front door, by its code. */
export function refusalHint(code: string, node: string): string | undefined {
  return hints[code]?.replaceAll('NODE', node);
}
