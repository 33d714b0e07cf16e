import type { CommandSpec } from '../command-spec.js';
import { configOption, dataOption, logLevelOption, readyOutputOption } from '../common-options.js';

/** The command that starts a token server. */
export const tokenServerCommand: CommandSpec = {
  path: ['token-server'],
  summary: 'start a token server: gives daemons tokens for services such as replication',
  description:
    "A daemon that wants a group to be held by a replication node gets a token here, by OAuth 2 with a code and PKCE, as Berty's daemons do. Whoever can reach it gets one: keep it on loopback or in a network of your own. Replication nodes check the tokens with its public key, which the ready line and /.well-known/jwks.json tell.",
  options: [
    {
      name: 'listen',
      kind: 'list',
      value: 'ADDRESS',
      shownDefault: '127.0.0.1:8091',
      summary: 'where it listens, HOST:PORT',
    },
    {
      name: 'service',
      kind: 'list',
      value: 'NAME@HOST:PORT',
      summary:
        'a service that tokens are for, and where daemons reach it: rpl is replication; may be repeated',
    },
    {
      name: 'client',
      kind: 'list',
      value: 'ID',
      shownDefault: 'berty',
      summary: 'id of programs that may ask for tokens; may be repeated',
    },
    {
      name: 'no-click',
      kind: 'flag',
      summary: 'answer at once, without a page that asks which services to connect',
    },
    { name: 'token-life', kind: 'duration', default: '30d', summary: 'how long a token is good' },
    {
      name: 'signing-key',
      kind: 'text',
      value: 'FILE',
      summary:
        'the Ed25519 key that signs tokens, in JWK; made when it is not there (default: token-server/key.jwk in the data directory)',
      completes: 'file',
    },
    {
      name: 'tls-cert-file',
      kind: 'text',
      value: 'FILE',
      summary: 'speak TLS with this certificate, PEM; read anew when it changes',
      completes: 'file',
    },
    {
      name: 'tls-key-file',
      kind: 'text',
      value: 'FILE',
      summary: 'private key of that certificate, PEM',
      completes: 'file',
    },
    dataOption,
    configOption,
    readyOutputOption,
    logLevelOption,
  ],
  examples: [
    {
      line: 'postern token-server --service rpl@127.0.0.1:4103 --no-click',
      does: 'for a replication node on this machine; prints the key for its --accept-key',
    },
    {
      line: 'postern token-server --listen 10.0.0.5:8091 --service rpl@10.0.0.6:4103 --token-life 1d',
      does: 'for the daemons of a network, with a page that asks',
    },
  ],
  load: () => import('../commands/token-server.js'),
};
