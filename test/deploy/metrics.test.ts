import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { checkoutRoot } from '../support/processes.js';
import { type DocumentedMetric, documentedMetrics, readTwoPages, type TwoPages } from './stage.js';

let pages: TwoPages;
let documented: Map<string, DocumentedMetric>;
before(async () => {
  [pages, documented] = await Promise.all([readTwoPages(), documentedMetrics(checkoutRoot)]);
});

describe('docs/metrics.md', () => {
  it('says of each metric of hubs and agents what they say themselves', () => {
    const told = new Map([...pages.agent, ...pages.hub].filter(([name]) => name.startsWith('postern_')));
    const rows = [...told.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, type, help, labels }) => {
        const of = [pages.hub.has(name) ? 'hub' : '', pages.agent.has(name) ? 'agent' : ''];
        const names = labels ?? documented.get(name)?.labels ?? [];
        const shown = names.map((label) => `\`${label}\``).join(', ');
        return `| \`${name}\` | ${type} | ${shown} | ${of.filter(Boolean).join(', ')} | ${help} |`;
      });
    const written = [...documented.values()].map(
      ({ name, type, help, of, labels }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${of} | ${help} |`,
    );
    assert.equal(written.join('\n'), rows.join('\n'));
  });
});

describe('hubs and agents tell of', () => {
  const has = (page: keyof TwoPages, name: string) => assert.ok(pages[page].has(name), `${page}: ${name}`);

  it('their processes', () => {
    for (const page of ['hub', 'agent'] as const) {
      for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) has(page, name);
      has(page, 'nodejs_eventloop_lag_p99_seconds');
    }
  });
});
