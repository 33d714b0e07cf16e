import type { OptionSpec } from '../command-spec.js';

/** The infra server of an agent with a daemon. */
export const infraOptions: readonly OptionSpec[] = [
  {
    name: 'infra-listen',
    kind: 'text',
    value: 'ADDRESS',
    summary:
      "where an older controller finds server.Proxy, beside a --daemon: HOST:PORT, or 'off' (default: 127.0.0.1:7091, where that is free)",
  },
  {
    name: 'infra-token-file',
    kind: 'text',
    value: 'FILE',
    summary: 'the token that callers of other machines have to show there; may be replaced at any time',
    completes: 'file',
  },
  {
    name: 'infra-grant',
    kind: 'list',
    value: 'NAME=ADDRESS',
    summary:
      'let callers from an address or a network such as 10.1.0.0/16 in without the token; NAME stands in the log of each call; may be repeated',
  },
  {
    name: 'infra-tls-cert',
    kind: 'text',
    value: 'FILE',
    summary: 'certificate of that listener, PEM',
    completes: 'file',
  },
  {
    name: 'infra-tls-key',
    kind: 'text',
    value: 'FILE',
    summary: 'private key of that certificate, PEM',
    completes: 'file',
  },
  {
    name: 'infra-daemon',
    kind: 'list',
    value: 'ADDRESS',
    summary:
      'another daemon, HOST:PORT, that callers may have it work with (ConnectToPeer); without it those of its own machine; may be repeated',
  },
  {
    name: 'infra-token-server',
    kind: 'list',
    value: 'ADDRESS',
    summary:
      'a token server, HOST:PORT, that callers may have it ask (AddReplication); without it those of its own machine, at port 8091, and by https at port 443; may be repeated',
  },
  {
    name: 'reliability-seed',
    kind: 'text',
    value: 'SEED',
    summary: 'what outages by lot (AddReliability) follow from; the same one gives the same draws',
  },
];
