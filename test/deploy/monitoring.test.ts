import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { debianTool } from '../../scripts/debian-tool.js';
import { checkoutRoot } from '../support/processes.js';
import {
  type Dashboard,
  type Expression,
  expressionsOf,
  groupedBy,
  readAlerts,
  readDashboard,
  selectorsOf,
} from './expressions.js';
import { type DocumentedMetric, documentedMetrics } from './stage.js';

const exec = promisify(execFile);
/** Labels that Prometheus itself adds, and that of the buckets of a histogram. */
const always = ['job', 'instance', 'le'];
/** Metrics of every process, and of Prometheus itself. */
const common = /^(process_|nodejs_|up$)/;

let dir: string;
let dashboard: Dashboard;
let all: Expression[];
let documented: Map<string, DocumentedMetric>;
let promtool: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-deploy-'));
  dashboard = await readDashboard(checkoutRoot);
  all = [...(await readAlerts(checkoutRoot)), ...expressionsOf(dashboard)];
  documented = await documentedMetrics(checkoutRoot);
  promtool = (await debianTool('promtool')).path;
});
after(() => rm(dir, { recursive: true, force: true }));

describe('alert rules and dashboard', () => {
  it('ask for metrics that there are, by labels that these have', () => {
    for (const { where, expr } of all) {
      const selectors = selectorsOf(expr);
      assert.ok(selectors.length > 0, where);
      const known = new Set(always);
      for (const { metric, labels } of selectors) {
        if (common.test(metric)) continue;
        const row = documented.get(metric);
        assert.ok(row !== undefined, `${where}: there is no ${metric}`);
        for (const label of row.labels) known.add(label);
        for (const label of labels) {
          assert.ok(
            row.labels.includes(label) || always.includes(label),
            `${where}: ${metric} has no ${label}`,
          );
        }
      }
      for (const label of groupedBy(expr)) assert.ok(known.has(label), `${where}: nothing has ${label}`);
    }
  });

  it('are understood by Prometheus, each expression', async () => {
    const rules = all.map(({ expr }, at) => ({ record: `expression:${at}`, expr }));
    const file = path.join(dir, 'rules.json');
    // JSON is YAML, too.
    await writeFile(file, JSON.stringify({ groups: [{ name: 'all', rules }] }));
    const { stdout } = await exec(promtool, ['check', 'rules', file]);
    assert.match(stdout, new RegExp(`${all.length} rules found`));
  });
});

describe('the alert rules', () => {
  it('fire where they must, and do not where they must not', async () => {
    const cwd = path.join(checkoutRoot, 'deploy/prometheus');
    const { stdout } = await exec(promtool, ['test', 'rules', 'alerts.test.yml'], { cwd });
    assert.match(stdout, /SUCCESS/);
    await exec(promtool, ['check', 'config', 'prometheus.yml'], { cwd });
  });

  it('are all tested', async () => {
    const tests = await readFile(path.join(checkoutRoot, 'deploy/prometheus/alerts.test.yml'), 'utf8');
    for (const { where } of await readAlerts(checkoutRoot)) {
      const cases = tests.split(`alertname: ${where}\n`).slice(1);
      const fires = cases.filter((text) => /^\s+exp_alerts:\n/.test(text));
      assert.ok(fires.length > 0, `${where} never fires`);
    }
  });
});

describe('the dashboard', () => {
  it('has panels that lie beside each other, and ids of their own', () => {
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, `${title} is too wide`);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          const there = taken.get(`${x} ${y}`);
          assert.equal(there, undefined, `${title} lies on ${there}`);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  it('uses the variables that it has, and has those that it uses', () => {
    const { templating, panels } = dashboard;
    const text = JSON.stringify(panels);
    const used = new Set([...text.matchAll(/\$\{?([a-z]+)\b/g)].map(([, name = '']) => name));
    assert.deepEqual([...used].sort(), templating.list.map(({ name }) => name).sort());
    for (const { definition } of templating.list) {
      if (definition === undefined) continue;
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      assert.ok(documented.has(metric), definition);
      assert.ok([...always, ...(documented.get(metric)?.labels ?? [])].includes(label), definition);
    }
  });
});
