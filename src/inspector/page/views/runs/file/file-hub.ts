import { type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { PosternError } from '../../../../../errors.js';
import { Activity } from '../../../../../gen/web/internal/activity_pb.js';
import {
  type ActorFilter,
  ActorSchema,
  DefinitionSchema,
  Inspector,
  TransitionSchema,
} from '../../../../../gen/web/postern/v1/inspector_pb.js';
import { NodesService } from '../../../../../gen/web/postern/v1/nodes_pb.js';
import { RunSchema, Runs } from '../../../../../gen/web/postern/v1/runs_pb.js';
import type { JsonObject, RunFile } from '../../../../run-file/format.js';
import type { Hub } from '../../../hub.js';

/** A report is sent in parts of so many bytes. */
const partBytes = 256 * 1024;

/**
 * A hub that knows one run, and of it what the file says: every view that asks a hub can show a file. Throws
 * `RUN_FILE_INVALID` where the file says something else than it should.
 */
export function hubOfFile(file: RunFile, name: string): Hub {
  const run = message(RunSchema, file.run, name);
  const definitions = file.definitions.map((one) => message(DefinitionSchema, one, name));
  const actors = file.actors.map((one) => message(ActorSchema, one, name));
  const transitions = file.transitions.map((one) => message(TransitionSchema, one, name));
  const runOf = new Map(actors.map((actor) => [`${actor.machine}/${actor.id}`, actor.run]));
  const report =
    file.report === undefined ? undefined : new TextEncoder().encode(JSON.stringify(file.report));
  const known = (asked: string): void => {
    if (asked !== run.run) throw new ConnectError(`the file tells of ${run.run} only`, Code.NotFound);
  };
  const isAsked = (filters: readonly ActorFilter[]) => (one: Actorlike) =>
    filters.length === 0 || filters.some((filter) => fits(filter, one, runOf));
  const transport = createRouterTransport(({ service }) => {
    service(Runs, {
      listRuns: () => ({ runs: [run], more: false }),
      getRun: (asked) => {
        known(asked.run);
        return { run };
      },
      getScenario: (asked) => {
        known(asked.run);
        if (file.scenario === undefined) throw new ConnectError('the file has no scenario', Code.NotFound);
        return { scenario: file.scenario.text, file: file.scenario.file };
      },
      async *watchRun(asked) {
        known(asked.run);
        yield { run };
      },
      async *getReport({ run: asked, format }) {
        known(asked);
        if (report === undefined) {
          throw new ConnectError(
            `the run '${run.run}' ended before its nodes were there`,
            Code.FailedPrecondition,
          );
        }
        if (format !== '' && format !== 'json') {
          throw new ConnectError(
            `the file has the report as JSON only, not as ${format}`,
            Code.Unimplemented,
          );
        }
        for (let at = 0; at < report.length; at += partBytes)
          yield { part: report.subarray(at, at + partBytes) };
      },
    });
    service(Inspector, {
      listActors: ({ filters }) => ({ actors: actors.filter(isAsked(filters)), more: false }),
      getActor: ({ machine, id, transitions: most }) => {
        const actor = actors.find((one) => one.machine === machine && one.id === id);
        if (actor === undefined)
          throw new ConnectError(`the file tells nothing of ${machine}/${id}`, Code.NotFound);
        const definition =
          definitions.find(({ hash }) => hash !== '' && hash === actor.definition) ??
          definitions.find((one) => one.machine === machine);
        const own = transitions.filter((one) => one.machine === machine && one.id === id);
        return {
          actor: { ...actor, operations: [] },
          transitions: own.slice(most === 0 ? -64 : -most),
          ...(definition === undefined ? {} : { definition }),
        };
      },
      async *watch({ filters, history, historyOnly, resume }, { signal }) {
        const first = resume === '';
        yield {
          actors: first ? actors.filter(isAsked(filters)) : [],
          transitions: first && history > 0 ? transitions.filter(isAsked(filters)) : [],
          place: 'file',
          live: true,
        };
        // Nothing more ever happens.
        if (!historyOnly && !signal.aborted) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        }
      },
    });
    service(NodesService, { listNodes: () => ({ nodes: [] }) });
  });
  return {
    inspector: createClient(Inspector, transport),
    nodes: createClient(NodesService, transport),
    runs: createClient(Runs, transport),
    activity: createClient(Activity, transport),
  };
}

/** What a filter looks at. */
interface Actorlike {
  readonly machine: string;
  readonly id: string;
  readonly node: string;
}

function fits(
  { machine, id, node, run }: ActorFilter,
  one: Actorlike,
  runOf: ReadonlyMap<string, string>,
): boolean {
  return (
    (machine === '' || machine === one.machine) &&
    (id === '' || id === one.id) &&
    (node === '' || node === one.node) &&
    (run === '' || run === runOf.get(`${one.machine}/${one.id}`))
  );
}

function message<S extends DescMessage>(schema: S, json: JsonObject, name: string): MessageShape<S> {
  try {
    // What JSON.parse has made is JSON; a later version may have put more into it.
    return fromJson(schema, jsonValue(json), { ignoreUnknownFields: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PosternError('RUN_FILE_INVALID', `${name}: ${schema.name}: ${why}`, { cause });
  }
}

function jsonValue(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value));
}
