import type { JsonValue } from '@bufbuild/protobuf';
import type { Limits, Token } from '../gen/postern/v1/tokens.js';
import type { RecordView } from './records.js';

/** How `postern token ls` prints a token. */
export const tokenView: RecordView<Token> = {
  root: 'tokens',
  element: 'token',
  name: (token) => token.id,
  json: tokenJson,
  columns: [
    { title: 'ID', text: (token) => token.id },
    { title: 'KIND', text: (token) => token.kind },
    { title: 'FOR', text: (token) => token.subject },
    { title: 'STATE', text: stateText },
    { title: 'ROLES', text: (token) => listed(token.roles, '-') },
    { title: 'NODES', text: nodesText },
    { title: 'METHODS', text: (token) => (token.kind === 'join' ? '-' : listed(token.methods, '*')) },
    { title: 'LIMITS', text: (token) => limitsText(token.limits) || '-' },
    { title: 'EXPIRES', text: (token) => new Date(token.expiresAtMs).toISOString() },
  ],
};

/** The token with the field names of its message. */
export function tokenJson(token: Token): JsonValue {
  return { ...token, labels: { ...token.labels }, limits: { ...token.limits } };
}

function stateText({ kind, state, uses, mostUses }: Token): string {
  return kind === 'join' && mostUses > 1 ? `${state} ${uses}/${mostUses}` : state;
}

/** Of a join token the labels that it gives. */
function nodesText({ kind, nodes, labels }: Token): string {
  if (kind !== 'join') return listed(nodes, '*');
  return listed(
    Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    '-',
  );
}

function listed(values: readonly string[], otherwise: string): string {
  return values.length === 0 ? otherwise : values.join(' ');
}

/** What is limited, in words; '' for nothing. */
export function limitsText(limits: Partial<Limits> | undefined): string {
  const {
    callsPerSecond = 0,
    inFlight = 0,
    bytesPerSecond = 0,
    messageBytes = 0,
    deadlineMs = 0,
  } = limits ?? {};
  const said = [
    callsPerSecond > 0 ? `${callsPerSecond} calls/s` : '',
    inFlight > 0 ? `${inFlight} at once` : '',
    bytesPerSecond > 0 ? `${bytesPerSecond} bytes/s` : '',
    messageBytes > 0 ? `messages of ${messageBytes} bytes` : '',
    deadlineMs > 0 ? `${deadlineMs / 1000} s` : '',
  ];
  return said.filter((one) => one !== '').join(', ');
}
