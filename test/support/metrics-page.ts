/** One metric of a Prometheus page. */
export interface PageMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Names of the labels of its samples, sorted; `le` left out. Undefined: there are no samples. */
  readonly labels: readonly string[] | undefined;
}

/** All metrics of the page at `HOST:PORT`, by name. Rejects where nothing answers. */
export async function metricsPage(address: string): Promise<Map<string, PageMetric>> {
  const response = await fetch(`http://${address}/metrics`, { headers: { connection: 'close' } });
  const metrics = new Map<string, PageMetric>();
  for (const block of (await response.text()).split(/^# HELP /m).slice(1)) {
    const [first = '', second = '', ...lines] = block.trim().split('\n');
    const at = first.indexOf(' ');
    const name = first.slice(0, at);
    const samples = lines.filter((line) => line !== '');
    const labels = samples.flatMap((line) =>
      [...line.matchAll(/[{,]([a-z_]+)="/g)].map(([, label = '']) => label),
    );
    metrics.set(name, {
      name,
      type: second.split(' ').at(-1) ?? '',
      help: first.slice(at + 1),
      labels: samples.length === 0 ? undefined : [...new Set(labels)].filter((one) => one !== 'le').sort(),
    });
  }
  return metrics;
}
