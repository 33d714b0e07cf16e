/** What stands where a secret was. */
export const secretText = '[secret]';

/** A longer text is looked at only so far, in characters, and shown no further. */
const longestLookedAt = 4_096;

const words =
  'token|secret|passw|passphrase|passcode|pwd|authori[sz]ation|credential|creds|seed|privatekey|privkey|apikey|accesskey|signingkey|cookie|jwt|bearer|invite';
const secretKey = new RegExp(`${words}|^auth$|^cred$|^pass$|(?:basic|proxy)auth$|(?:encryption|ssh)key$`);
/** The same words as they stand in text, where their parts may be divided. */
const inText = words.replace(/(private|priv|api|access|signing)key/g, '$1[_-]?key');
const quoted = `"(?:[^"\\\\]|\\\\.)*(?:"|$)|'[^']*(?:'|$)`;

/** Only text in which this is found is looked through. */
const suspicious = /eyJ|pj_|S[ACNOUX][A-Z2-7]{20}|\/\/|[=:]|earer |asic |KEY|--/;
const secrets: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/g, secretText],
  // JSON Web Tokens, also part of one
  [/eyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g, secretText],
  // join tokens
  [/pj_[0-9a-f]{6,}(?:_[0-9a-f]*)?/g, secretText],
  // seeds of nkeys
  [/S[ACNOUX][A-Z2-7]{56,}/g, secretText],
  // who dials, and by which password, in a URL
  [/\/\/[^\s/?#]*@/g, `//${secretText}@`],
  [/\b(authorization|cookie)(\s*[=:]\s*)[^\r\n]+/gi, `$1$2${secretText}`],
  [/\b(bearer) +[\w.~+/=-]+/gi, `$1 ${secretText}`],
  // not what is said of basic things: base64 has capital letters or digits in its midst
  [/\b([Bb]asic) +(?=\S*(?:[\d=]|[a-z][A-Z]))[\w+/=-]+/g, `$1 ${secretText}`],
  [
    new RegExp(`(["'][\\w-]{0,40}(?:${inText})[\\w-]{0,40}["']\\s*:\\s*)(?:${quoted})`, 'gi'),
    `$1${secretText}`,
  ],
  [new RegExp(`([\\w-]{0,40}(?:${inText})[\\w-]{0,40}=)(?:${quoted}|[^\\s&;,]+)`, 'gi'), `$1${secretText}`],
  // JSON that stands as text in JSON
  [
    new RegExp(
      `(\\\\{1,4}["'][\\w-]{0,40}(?:${inText})[\\w-]{0,40}\\\\{1,4}["']\\s*:\\s*\\\\{1,4}["'])[^"'\\\\]*`,
      'gi',
    ),
    `$1${secretText}`,
  ],
  // fields of HTTP, and options of commands
  [
    /\b(x-[\w-]{0,40}(?:token|key|secret|auth)|(?:api|access|auth|private)[_-]?(?:key|token|secret))(\s*:\s*)\S+/gi,
    `$1$2${secretText}`,
  ],
  [/(--(?:[\w-]{0,40}-)?(?:token|password|secret|api-?key)) +(?!-)\S+/gi, `$1 ${secretText}`],
  [new RegExp(`\\b(password|passwd|passphrase|secret)(:\\s*)(?:${quoted}|\\S+)`, 'gi'), `$1$2${secretText}`],
];

/** Whether what has this name is a secret, however the name is spelled: `apiKey`, `API-Key`, `x_api_key`. */
export function isSecretName(name: string): boolean {
  return secretKey.test(name.replace(/[^A-Za-z]/g, '').toLowerCase());
}

/** The text without what looks like a secret in it. Of a very long one, the first part. */
export function withoutSecrets(text: string): string {
  // a secret that is cut in two may not be known for one: what may have been cut is left out
  const looked = text.length > longestLookedAt ? text.slice(0, longestLookedAt).replace(/\S*$/, '') : text;
  if (!suspicious.test(looked)) return looked;
  return secrets.reduce((shown, [pattern, instead]) => shown.replace(pattern, instead), looked);
}
