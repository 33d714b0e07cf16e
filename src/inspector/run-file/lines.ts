import { PosternError } from '../../errors.js';
import {
  type FileScenario,
  isObject,
  type JsonObject,
  type RunFileHeader,
  runFileFormat,
  runFileVersion,
} from './format.js';
import { redacted, redactedText } from './redacted.js';

/** Where a file of a run is made from: a hub, by whatever client. */
export interface RunSource {
  /** A `Run`. */
  run(): Promise<JsonObject>;
  /** Undefined: it cannot be had. */
  scenario(): Promise<FileScenario | undefined>;
  /** The report as JSON text; asked for where the run had a plan. */
  report(): Promise<string>;
  /** What is kept of the actors of the run: each a `WatchResponse`. */
  told(): AsyncIterable<{
    readonly actors: readonly JsonObject[];
    readonly transitions: readonly JsonObject[];
  }>;
  /** The `Definition` that an actor runs by. */
  definition(machine: string, id: string): Promise<JsonObject | undefined>;
}

/**
 * The lines of a file, each with its line feed; what is secret by its name is left out. Throws `RUN_GOES_ON`, and what the source
 * throws; what cannot be had without the file being of use ends it before the first line.
 */
export async function* runFileLines(source: RunSource, nowMs: number): AsyncGenerator<string> {
  let count = 0;
  const line = (value: JsonObject): string => {
    count += 1;
    return `${JSON.stringify(redacted(value))}\n`;
  };
  const run = await source.run();
  const header: RunFileHeader = {
    format: runFileFormat,
    version: runFileVersion,
    run: text(run.run),
    scenario: text(run.scenario),
    exportedAtMs: nowMs,
  };
  if (!(Number(run.endedAtMs ?? 0) > 0)) {
    throw new PosternError('RUN_GOES_ON', `the run '${header.run}' has not ended`, {
      hint: 'export it when it has: `postern runs watch` waits for that',
    });
  }
  const scenario = await source.scenario();
  const report = text(run.planHash) === '' ? undefined : await source.report();
  yield line({ ...header });
  yield line({ k: 'run', run });
  if (scenario !== undefined) {
    // Where it is on the machine of whoever began the run concerns nobody.
    const file = scenario.file.split(/[\\/]/).at(-1) ?? '';
    yield line({ k: 'scenario', file, text: redactedText(scenario.text) });
  }
  if (report !== undefined) yield line({ k: 'report', report: JSON.parse(report) });
  const definitions = new Set<string>();
  for await (const { actors, transitions } of source.told()) {
    for (const actor of actors) {
      const key = text(actor.definition) || text(actor.machine);
      if (!definitions.has(key)) {
        definitions.add(key);
        const definition = await source.definition(text(actor.machine), text(actor.id));
        if (isObject(definition)) yield line({ k: 'definition', definition });
      }
      yield line({ k: 'actor', actor });
    }
    for (const transition of transitions) yield line({ k: 'transition', transition });
  }
  yield line({ k: 'end', lines: count });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
