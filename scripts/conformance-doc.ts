/**
 * docs/conformance.md, made from the cases that the conformance tests run and what they expect of each.
 *
 * As a program: `node dist/scripts/conformance-doc.js` writes it, `--check` only tells whether it is up to date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  absentCases,
  cloudCases,
  goCases,
  h2specTotals,
  type Implementation,
  jsCases,
  negativeExpectations,
  node20Failures,
} from '../test/conformance/cases.js';
import { grpcGoVersion, h2specVersion } from '../test/conformance/go-programs.js';
import { checkoutRoot } from '../test/support/processes.js';

/** The whole text of docs/conformance.md. */
export function conformanceDoc(): string {
  return `${[
    '# Conformance',
    '',
    '<!-- Made from test/conformance/cases.ts by scripts/conformance-doc.ts; change it there. -->',
    '',
    "What other people's tests say of Postern. All of them run with `make test`, in CI too, against a real hub, NATS and",
    'agents; a result that differs from this page fails the build. They need Go 1.26 or newer; an older Go fetches it.',
    '',
    ...table(
      ['what', 'version'],
      [
        ["grpc-go's interop client and server, and its negative HTTP/2 client", grpcGoVersion],
        ['h2spec, with its strict cases', h2specVersion],
        ['our own interop client and server on grpc-js', 'of this checkout'],
      ],
    ),
    ...interop(),
    ...negative(),
    ...h2spec(),
    ...known(),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function interop(): string[] {
  const names = [...new Set([...Object.keys(goCases), ...jsCases])];
  const whys: string[] = [];
  const ofGo = (name: string, server: Implementation): string => {
    const one = goCases[name];
    if (one === undefined) return '–';
    if (one.servers !== undefined && !one.servers.includes(server)) {
      if (one.why !== undefined && !whys.includes(one.why)) whys.push(one.why);
      return `– (${whys.indexOf(one.why ?? '') + 1})`;
    }
    return one.by === undefined ? 'passes' : `passes, by \`${one.by}\``;
  };
  const rows = names.map((name) => {
    const ofJs = jsCases.includes(name) ? 'passes' : '–';
    return [`\`${name}\``, ofGo(name, 'grpc-go'), ofGo(name, 'grpc-js'), ofJs, ofJs];
  });
  return [
    "## gRPC's interop tests",
    '',
    "The cases of [gRPC's description](https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md): client →",
    'hub → bus → agent → server. The client names the node by `-additional_metadata name:NODE`, its token stands beside it.',
    '',
    ...table(
      [
        'case',
        'Go client, Go server',
        'Go client, JS server',
        'JS client, Go server',
        'JS client, JS server',
      ],
      rows,
    ),
    '– : the client has no such case, or',
    '',
    ...whys.map((why, index) => `${index + 1}. ${why}.`),
    '',
    'Load reports of `orca_oob` are asked for without any metadata, so that they name no node: `postern proxy` does it.',
    '',
    "Not applicable, as they need a cloud's credentials and TLS to the server:",
    '',
    ...cloudCases.map((name) => `- \`${name}\``),
    '',
    'Neither client has these; our own tests send compressed messages. Postern decodes none, and leaves their flags alone.',
    '',
    ...absentCases.map((name) => `- \`${name}\``),
    '',
  ];
}

function negative(): string[] {
  const rows = Object.entries(negativeExpectations).map(([name, { server, straight, through, seen }]) => [
    `\`${name}\``,
    server,
    straight === '' ? 'passes' : 'fails (1)',
    through === '' ? 'passes' : 'fails (1)',
    seen === '' ? '–' : seen,
  ]);
  return [
    "## gRPC's negative HTTP/2 tests",
    '',
    "grpc-go's client of the",
    '[negative tests](https://github.com/grpc/grpc/blob/master/doc/negative-http2-interop-test-descriptions.md), against a',
    'server that misbehaves, straight and through `postern proxy`, hub and agent.',
    '',
    ...table(['case', 'the server', 'straight', 'through Postern', 'seen by the server, both ways'], rows),
    '1. The client wants UNKNOWN where grpc-go itself makes INTERNAL of it; it says so straight as well.',
    '',
  ];
}

function h2spec(): string[] {
  const { cases, hub, node } = h2specTotals;
  const failures = Object.entries(node20Failures).map(([name, { title, why }]) => [
    `\`${name}\``,
    title,
    why,
  ]);
  return [
    '## h2spec',
    '',
    "Against the address that the hub listens on, and against a bare `http2.createServer()` of the same Node. The hub's",
    "HTTP/2 is Node's; a test says when the hub fails a case that Node does not. Node 20:",
    '',
    ...table(
      ['server', 'cases', 'passed', 'failed', 'skipped'],
      [
        ['hub', ...[cases, hub.passed, hub.failed, hub.skipped].map(String)],
        ['bare Node', ...[cases, node.passed, node.failed, node.skipped].map(String)],
      ],
    ),
    'The one that it skips needs a server that limits the streams of a connection.',
    '',
    'Both fail these, all of them about clients that break the rules:',
    '',
    ...table(['case', 'what h2spec does', 'what Node does'], failures),
  ];
}

function known(): string[] {
  return [
    '## Known limits',
    '',
    '- A client that resets more than 1,000 streams of one connection, and more than 33 in each second after that, is told',
    "  GOAWAY (INTERNAL_ERROR): a guard of Node's HTTP/2 against floods. gRPC clients then connect anew by themselves. Who",
    '  cancels so many calls does it over several connections.',
    '- A client that sends frames on a closed stream is not told so (above).',
    '- One header name or value takes at most 64 KiB on the wire, whatever the list may take: a limit of nghttp2 within',
    '  Node. A longer one is a COMPRESSION_ERROR: GOAWAY, and the connection is over with all its calls. A client that does',
    '  not hang up then waits until it is found silent, 90 s; its deadlines hold.',
    '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** Where it is kept. */
export const conformanceDocPath = path.join(checkoutRoot, 'docs/conformance.md');

if (import.meta.filename === process.argv[1]) {
  if (!process.argv.includes('--check')) await writeFile(conformanceDocPath, conformanceDoc());
  else if ((await readFile(conformanceDocPath, 'utf8')) !== conformanceDoc()) {
    process.stderr.write('docs/conformance.md is not up to date: run node dist/scripts/conformance-doc.js\n');
    process.exitCode = 1;
  }
}
