import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          labels: z.object({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.object({ summary: z.string() }),
        }),
      ),
    }),
  ),
});

const grid = z.object({ x: z.number(), y: z.number(), w: z.number().min(1), h: z.number().min(1) });
const datasource = z.object({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) });
const dashboard = z.object({
  title: z.literal('Postern'),
  uid: z.string().max(40),
  schemaVersion: z.number().min(36),
  templating: z.object({
    list: z.array(
      z.object({ name: z.string(), type: z.string(), query: z.unknown(), definition: z.string().optional() }),
    ),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string().min(1),
      type: z.enum(['row', 'stat', 'table', 'timeseries']),
      gridPos: grid,
      datasource: datasource.optional(),
      targets: z
        .array(z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string(), datasource }))
        .min(1)
        .optional(),
    }),
  ),
});

export type Dashboard = z.infer<typeof dashboard>;

/** An expression, and where it stands. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

/** The alert rules, by name. Throws where the file is not of their form. */
export async function readAlerts(root: string): Promise<Expression[]> {
  const text = await readFile(path.join(root, 'deploy/prometheus/alerts.yml'), 'utf8');
  const { groups } = rules.parse(parse(text));
  return groups.flatMap((group) => group.rules.map(({ alert, expr }) => ({ where: alert, expr })));
}

/** The dashboard. Throws where it lacks what Grafana needs. */
export async function readDashboard(root: string): Promise<Dashboard> {
  return dashboard.parse(JSON.parse(await readFile(path.join(root, 'deploy/grafana/postern.json'), 'utf8')));
}

/** What a dashboard asks for, with its variables as Grafana fills them in. */
export function expressionsOf({ panels }: Dashboard): Expression[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      where: title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|hub|agent|node)\b/g, '.*'),
    })),
  );
}

/** A metric that is asked for, and the labels that it is asked to have. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Our metrics, those of the process and `up` in an expression, `_bucket` and its like left out. */
export function selectorsOf(expr: string): Selector[] {
  const found = expr.matchAll(/\b(postern_\w+|process_\w+|nodejs_\w+|up)(?:\{([^}]*)\})?/g);
  return [...found].map(([, name = '', inner = '']) => ({
    metric: name.replace(/_bucket$/, ''),
    labels: [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}

/** The labels that an expression groups by. */
export function groupedBy(expr: string): string[] {
  return [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) =>
    names.split(',').map((one) => one.trim()),
  );
}
