import { status } from '@grpc/grpc-js';
import { CallFailed, deadline, messagesOf, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { GetActorResponse, WatchResponse } from '../../gen/postern/v1/inspector.js';
import type { GetScenarioResponse } from '../../gen/postern/v1/runs.js';
import type { RunSource } from '../../inspector/run-file/lines.js';
import { RunsCalls } from './runs-calls.js';

/** So many transitions are kept of each actor. */
const kept = 64;

/** A run as a hub tells it. `missing` is told of what a hub of an older version cannot say. */
export function runSource(
  connection: HubConnection,
  run: string,
  missing: (what: string) => void,
): RunSource {
  const calls = new RunsCalls(connection);
  const { runs, inspector } = hubServices(connection);
  const asked = connection.metadata();
  return {
    run: async () => ({ ...(await calls.get(run)) }),
    report: () => calls.report({ run, format: 'json', rulesJson: '' }),
    async scenario() {
      try {
        const { scenario: text, file } = await unary<GetScenarioResponse>((done) =>
          runs.getScenario({ run }, asked, deadline(), done),
        );
        return { text, file };
      } catch (thrown) {
        if (!isUnknown(thrown)) throw thrown;
        missing('its scenario');
        return undefined;
      }
    },
    async *told() {
      const request = {
        filters: [{ machine: '', id: '', node: '', run }],
        resume: '',
        history: kept,
        historyOnly: true,
      };
      try {
        for await (const message of messagesOf<WatchResponse>(inspector.watch(request, asked, deadline()))) {
          const { actors, transitions } = message;
          yield {
            actors: actors.map((actor) => ({ ...actor })),
            transitions: transitions.map((transition) => ({ ...transition })),
          };
        }
      } catch (thrown) {
        if (!isUnknown(thrown)) throw thrown;
        missing('what its actors did');
      }
    },
    async definition(machine, id) {
      const { definition } = await unary<GetActorResponse>((done) =>
        inspector.getActor({ machine, id, transitions: 1 }, asked, deadline(), done),
      );
      return definition === undefined ? undefined : { ...definition };
    },
  };
}

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof CallFailed && thrown.status.code === status.UNIMPLEMENTED;
}
