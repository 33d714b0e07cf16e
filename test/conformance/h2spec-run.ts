import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../support/processes.js';

/** How a case went. A case is skipped by h2spec where the server gives no occasion for it. */
export type H2specResult = 'passed' | 'failed' | 'skipped';

/** Results by selector, e.g. `http2/6.9.1/2`, with the titles of the cases. */
export type H2specReport = ReadonlyMap<string, { readonly title: string; readonly result: H2specResult }>;

/** Seconds that h2spec waits for a frame which does not come. */
const waitSeconds = 2;

/** The sections of h2spec; of the one in which most cases wait for a frame that must not come, each case. */
const parts = [
  ...['generic', 'hpack', 'http2/3', 'http2/4', 'http2/6', 'http2/7', 'http2/8'],
  ...Array.from({ length: 13 }, (_, i) => `http2/5.1/${i + 1}`),
  ...['http2/5.1.1', 'http2/5.1.2', 'http2/5.3', 'http2/5.4', 'http2/5.5'],
];

/** Runs all strict cases of h2spec, as many parts at a time as there are. */
export async function runAllH2spec(program: string, address: string): Promise<H2specReport> {
  const reports = await Promise.all(parts.map((part) => runH2spec(program, address, [part])));
  return new Map(reports.flatMap((report) => [...report]));
}

/** Runs strict cases of h2spec; `only` are sections, or one case. Throws where it reports nothing. */
export async function runH2spec(
  program: string,
  address: string,
  only: readonly string[],
): Promise<H2specReport> {
  const [host = '', port = ''] = address.split(':');
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-h2spec-'));
  const file = path.join(dir, 'report.xml');
  const args = ['-h', host, '-p', port, '--strict', '-o', String(waitSeconds), '-j', file];
  try {
    const { stdout } = await run(program, [...args, ...only], { timeoutMs: 120_000 });
    // One case alone is numbered as what it was asked for.
    const first = Number(/^http2\/[\d.]+\/(\d+)$/.exec(only[0] ?? '')?.[1] ?? 1);
    const report = read(await readFile(file, 'latin1').catch(() => ''), first);
    if (report.size === 0) throw new Error(`h2spec reports nothing: ${stdout.slice(-500)}`);
    return report;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Reads the JUnit report. It is no sound XML: bytes of frames stand in it as they are. */
function read(xml: string, first: number): H2specReport {
  const report = new Map<string, { title: string; result: H2specResult }>();
  const seen = new Map<string, number>();
  for (const [, section = '', title = '', body = ''] of xml.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g,
  )) {
    const index = (seen.get(section) ?? first - 1) + 1;
    seen.set(section, index);
    const how = body.trimStart();
    const result = how === '' ? 'passed' : how.startsWith('<skipped') ? 'skipped' : 'failed';
    report.set(`${section}/${index}`, { title: title.replaceAll('&#34;', '"'), result });
  }
  return report;
}

/** The selectors of the cases that went so. */
export function casesOf(report: H2specReport, result: H2specResult): string[] {
  return [...report].filter(([, one]) => one.result === result).map(([selector]) => selector);
}
