import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ActorSchema,
  DefinitionSchema,
  TransitionSchema,
} from '../../../../gen/web/postern/v1/inspector_pb.js';
import { RunSchema } from '../../../../gen/web/postern/v1/runs_pb.js';
import { isObject, type JsonObject, runFileEnding } from '../../../run-file/format.js';
import { type RunSource, runFileLines } from '../../../run-file/lines.js';
import type { Hub } from '../../hub.js';
import { reportText } from './fetched.js';

/** Makes a file of a run that has ended, packed. Rejects with `ConnectError`. */
export async function exportedRun(
  hub: Hub,
  run: string,
  nowMs: number,
): Promise<{ readonly data: Blob; readonly name: string }> {
  const lines: string[] = [];
  for await (const line of runFileLines(sourceOf(hub, run), nowMs)) lines.push(line);
  const packed = new Blob(lines).stream().pipeThrough(new CompressionStream('gzip'));
  return { data: await new Response(packed).blob(), name: `${run}${runFileEnding}.gz` };
}

function sourceOf(hub: Hub, run: string): RunSource {
  return {
    async run() {
      const answer = await hub.runs.getRun({ run });
      if (answer.run === undefined)
        throw new ConnectError('the hub has answered without the run', Code.Internal);
      return json(RunSchema, answer.run);
    },
    async scenario() {
      const { scenario: text, file } = await hub.runs.getScenario({ run });
      return { text, file };
    },
    report: () => reportText(hub, { run, format: 'json' }),
    async *told() {
      const asked = { filters: [{ run }], history: 64, historyOnly: true };
      for await (const { actors, transitions } of hub.inspector.watch(asked)) {
        yield {
          actors: actors.map((actor) => json(ActorSchema, actor)),
          transitions: transitions.map((transition) => json(TransitionSchema, transition)),
        };
      }
    },
    async definition(machine, id) {
      const { definition } = await hub.inspector.getActor({ machine, id, transitions: 1 });
      return definition === undefined ? undefined : json(DefinitionSchema, definition);
    },
  };
}

function json<S extends DescMessage>(schema: S, message: MessageShape<S>): JsonObject {
  const value = toJson(schema, message);
  if (isObject(value)) return value;
  throw new TypeError(`${schema.typeName} is no object of JSON`);
}
