import { errorText, PosternError } from '../errors.js';

/** What Node.js says of certificates whose issuer is not trusted. */
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * `HUB_UNREACHABLE` for a request that got no answer, with what to do about it.
 *
 * @param place where it went, and through what, as it is shown.
 * @param address how the address of a hub is written there.
 */
export function hubUnreachable(place: string, thrown: unknown, address: string): PosternError {
  const { why, hint } = explain(thrown, address);
  return new PosternError('HUB_UNREACHABLE', `cannot reach ${place}: ${why}`, { hint, cause: thrown });
}

function explain(thrown: unknown, address: string): { why: string; hint: string } {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const why = errorText(thrown);
  if (untrusted.has(code)) {
    return {
      why,
      hint: 'name the file with the authority of its certificate: --hub-ca FILE, or ca in a program',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { why, hint: 'call the hub by a name that its certificate is made for' };
  }
  if (code === 'EPROTO' && why.includes('wrong version number')) {
    return { why: 'no TLS is spoken there', hint: `check the port and the scheme: ${address}` };
  }
  return { why, hint: `check that the hub runs and that its address is right: ${address}` };
}
