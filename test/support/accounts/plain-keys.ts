/** Keys of addresses without a secret, for tests of what is kept under them. */
export const plainKeys = {
  key: (address: string): string => Buffer.from(address).toString('base64url'),
};
