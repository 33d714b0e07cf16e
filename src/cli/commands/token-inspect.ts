import { readFile } from 'node:fs/promises';
import { ownIssuer } from '../../auth/own-claims.js';
import { deadline, unary } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import { hubServices } from '../../client/hub-services.js';
import { errorText, PosternError } from '../../errors.js';
import type { GetTokenResponse, Token } from '../../gen/postern/v1/tokens.js';
import { ago } from '../../hub/ago.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { reportOf, type TokenReport } from '../token-report.js';
import { limitsText, tokenJson } from '../token-view.js';
import { withHub } from '../with-hub.js';

/** No token is longer; a file that is has something else in it. */
const mostBytes = 65_536;

/** What a hub says of a token. */
type Found = { readonly token: Token } | { readonly notAsked: string };

/** `postern token inspect`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const report = reportOf(await givenToken(invocation), Date.now());
  const found = await ask(invocation, report);
  const text =
    options.text('output') === 'json' ? prettyJson(jsonOf(report, found)) : textOf(report, found, Date.now());
  streams.stdout.write(text);
  return 0;
}

async function givenToken(invocation: Invocation): Promise<string> {
  const word = requiredWord(invocation, 0);
  if (word === '-') return (await readAll(invocation.streams.stdin)).trim();
  if (!word.startsWith('@')) return word.trim();
  const path = word.slice(1);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    throw new PosternError('TOKEN_UNREADABLE', `cannot read ${path}: ${errorText(thrown)}`, { exitCode: 2 });
  }
}

async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.length > mostBytes) throw new PosternError('TOKEN_MALFORMED', 'what is on stdin is no token');
  }
  return text;
}

async function ask(invocation: Invocation, { kind, id, issuer }: TokenReport): Promise<Found> {
  if (invocation.options.flag('offline')) return { notAsked: '--offline' };
  if (kind === 'caller' && issuer !== ownIssuer) return { notAsked: 'no hub has made it' };
  try {
    return await withHub(invocation, async (connection) => {
      const { token } = await unary<GetTokenResponse>((done) =>
        hubServices(connection).tokens.getToken({ id }, connection.metadata(), deadline(), done),
      );
      return token === undefined ? { notAsked: 'it gave no answer' } : { token };
    });
  } catch (thrown) {
    return { notAsked: errorText(thrown) };
  }
}

function jsonOf(report: TokenReport, found: Found) {
  const {
    madeAtMs = null,
    expiresAtMs = null,
    fault = null,
    roles,
    nodes,
    methods,
    limits,
    ...rest
  } = report;
  return {
    ...rest,
    roles: [...roles],
    nodes: [...nodes],
    methods: [...methods],
    limits: { ...limits },
    madeAtMs,
    expiresAtMs,
    fault,
    hub: 'token' in found ? tokenJson(found.token) : null,
    hubNotAsked: 'token' in found ? null : found.notAsked,
  };
}

function textOf(report: TokenReport, found: Found, nowMs: number): string {
  const known = 'token' in found ? found.token : undefined;
  const expiresAtMs = report.expiresAtMs ?? known?.expiresAtMs;
  const rows: [string, string][] = [
    ['kind', `${report.kind} token`],
    ['id', report.id],
    ['for', report.subject || (known?.subject ?? '')],
    ['email', report.email],
    ['signed by', report.issuer === '' ? '' : `${report.issuer} (${report.algorithm}), as it says itself`],
    ['made by', known?.createdBy ?? ''],
  ];
  if (report.kind === 'caller' && report.issuer === ownIssuer && report.fault === undefined) {
    rows.push(
      ['roles', report.roles.join(' ')],
      ['nodes', report.nodes.join(' ') || 'all'],
      ['methods', report.methods.join(' ') || 'all'],
      ['limits', limitsText(report.limits) || 'none'],
    );
  }
  if (known?.kind === 'join') {
    const labels = Object.entries(known.labels).map(([key, value]) => `${key}=${value}`);
    rows.push(['uses', `${known.uses} of ${known.mostUses}`], ['labels', labels.join(' ')]);
  }
  rows.push(
    ['fault', report.fault ?? ''],
    ['expires', expiresAtMs === undefined ? '' : expiryText(expiresAtMs, nowMs)],
    ['the hub says', 'token' in found ? found.token.state : `nothing: ${found.notAsked}`],
  );
  const shown = rows.filter(([, value]) => value !== '');
  return shown.map(([title, value]) => `${title.padEnd(13)}${value}\n`).join('');
}

function expiryText(expiresAtMs: number, nowMs: number): string {
  const at = new Date(expiresAtMs).toISOString();
  return expiresAtMs <= nowMs ? `${at} (expired ${ago(expiresAtMs, nowMs)})` : at;
}
