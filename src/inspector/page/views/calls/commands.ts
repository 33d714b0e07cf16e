/** What a command has to call. */
export interface CommandCall {
  readonly node: string;
  /** `pkg.Service/Method`. */
  readonly method: string;
}

/** Where the hub is, as the page was loaded. */
export interface HubPlace {
  /** `https:` or `http:`. */
  readonly protocol: string;
  /** `HOST` or `HOST:PORT`. */
  readonly host: string;
}

/** A word for a shell of POSIX: as it is where that is safe, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `postern call …`; the token comes from POSTERN_TOKEN. */
export function posternCommand({ node, method }: CommandCall, { protocol, host }: HubPlace): string {
  const words = ['postern', 'call', node, method, '-d', '{}', '--hub', `${protocol}//${host}`];
  return words.map(shellWord).join(' ');
}

/** `grpcurl …`; the token comes from POSTERN_TOKEN. */
export function grpcurlCommand({ node, method }: CommandCall, { protocol, host }: HubPlace): string {
  const tls = protocol === 'https:';
  const port = /:\d+$/.test(host) ? '' : tls ? ':443' : ':80';
  return [
    'grpcurl',
    ...(tls ? [] : ['-plaintext']),
    // the shell fills in the token
    '-H "authorization: Bearer $POSTERN_TOKEN"',
    `-H ${shellWord(`name: ${node}`)}`,
    `-d ${shellWord('{}')}`,
    shellWord(`${host}${port}`),
    shellWord(method),
  ].join(' ');
}
