import path from 'node:path';

/** A CPU profile as V8 writes it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  /** Ids of the nodes that ran at each sample, and the microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function in a tree of callers, with the time spent in it and in what it called. */
export interface Frame {
  readonly name: string;
  /** File of the program, module of npm or Node, or '' for the engine, system calls and Node's native parts. */
  readonly where: string;
  /** Microseconds, its callees included. */
  micros: number;
  readonly children: Map<string, Frame>;
}

/** Folds the samples into one tree; time in which the process slept, or was busy with its own profile, is left out. */
export function fold(profile: CpuProfile): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id);
  const root: Frame = { name: 'all', where: '', micros: 0, children: new Map() };
  profile.samples.forEach((id, at) => {
    const stack: { name: string; where: string }[] = [];
    for (let one: number | undefined = id; one !== undefined; one = parents.get(one)) {
      const frame = nodes.get(one)?.callFrame;
      if (frame === undefined || frame.functionName === '(root)') continue;
      if (frame.functionName === '(idle)' || frame.url.includes('/preload-profiler.')) return;
      stack.unshift({ name: frame.functionName || '(anonymous)', where: whereOf(frame.url) });
    }
    if (stack.length === 0) return;
    let into = root;
    const micros = profile.timeDeltas[at] ?? 0;
    into.micros += micros;
    for (const { name, where } of stack) {
      const key = `${name} ${where}`;
      let child = into.children.get(key);
      if (child === undefined) {
        child = { name, where, micros: 0, children: new Map() };
        into.children.set(key, child);
      }
      child.micros += micros;
      into = child;
    }
  });
  return root;
}

/** `src/rpc/peer`, `nats-core/protocol` or `node:internal/http2/core`. */
function whereOf(url: string): string {
  if (url.startsWith('node:') || url === '') return url;
  const short = /(?:^|\/)((?:src|machines)\/.*?)\.js$/.exec(url)?.[1];
  const [, module = '', file = ''] =
    /.*node_modules\/(?:@[^/]+\/)?([^/]+)\/.*?([^/]+)\.[cm]?js$/.exec(url) ?? [];
  return module === '' ? (short ?? path.basename(url)) : `${module}/${file}`;
}
