import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { KeyPair } from '@nats-io/nkeys';
import { decodeNkey, decodeSeed, encodeNkey, privatePrefix } from './nkey-text.js';

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410 §7 and §4). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * A key pair of the nkeys library that computes with Node's own Ed25519: the library's, in JavaScript, makes every start
 * a tenth of a second longer and holds everything else up for milliseconds with each signature. What is no matter of the
 * curve is left to the library.
 */
export class NativeKeyPair implements KeyPair {
  readonly #pair: KeyPair;
  readonly #secret: KeyObject;
  readonly #raw: { readonly seed: Uint8Array; readonly publicKey: Uint8Array };
  readonly #publicKey: string;

  /** `pair`: of the library, with a seed. */
  constructor(pair: KeyPair) {
    const { role, seed } = decodeSeed(new TextDecoder().decode(pair.getSeed()));
    this.#pair = pair;
    this.#secret = createPrivateKey({
      key: Buffer.concat([pkcs8Head, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const spki = createPublicKey(this.#secret).export({ format: 'der', type: 'spki' });
    this.#raw = { seed, publicKey: spki.subarray(spkiHead.length) };
    this.#publicKey = encodeNkey(role, this.#raw.publicKey);
  }

  getPublicKey(): string {
    return this.#publicKey;
  }

  getPrivateKey(): Uint8Array {
    const { seed, publicKey } = this.#raw;
    return new TextEncoder().encode(encodeNkey(privatePrefix, Buffer.concat([seed, publicKey])));
  }

  getSeed(): Uint8Array {
    return this.#pair.getSeed();
  }

  sign(input: Uint8Array): Uint8Array {
    return sign(null, input, this.#secret);
  }

  verify(input: Uint8Array, signature: Uint8Array): boolean {
    return verify(null, input, createPublicKey(this.#secret), signature);
  }

  clear(): void {
    this.#pair.clear();
  }

  seal(input: Uint8Array, recipient: string, nonce?: Uint8Array): Uint8Array {
    return this.#pair.seal(input, recipient, nonce);
  }

  open(message: Uint8Array, sender: string): Uint8Array | null {
    return this.#pair.open(message, sender);
  }
}

/** Whether the owner of `publicKey`, an nkey whose form was checked, has signed `bytes`. */
export function verifySignature(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = Buffer.concat([spkiHead, decodeNkey(publicKey).subarray(1, -2)]);
  return verify(null, bytes, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
}
