/** Text of the form of a caller token, with these claims and a signature that nobody made. */
export function callerTokenText(claims: { jti: string; sub: string; exp: number }): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = Buffer.alloc(64, 7).toString('base64url');
  return [
    part({ alg: 'EdDSA', typ: 'JWT' }),
    part({ iss: 'postern', aud: 'postern', ...claims }),
    signature,
  ].join('.');
}
