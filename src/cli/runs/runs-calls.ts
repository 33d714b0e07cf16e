import { Buffer } from 'node:buffer';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { CallFailed, deadline, messagesOf, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type {
  GetReportRequest,
  GetReportResponse,
  GetRunResponse,
  ListRunsResponse,
  Run,
  StartRunRequest,
  StartRunResponse,
  StopRunResponse,
  WatchRunResponse,
} from '../../gen/postern/v1/runs.js';

/** A million records take half a minute to be judged; a report may take this long, milliseconds. */
const reportWithinMs = 600_000;

/** `postern.v1.Runs`, by way of a hub. Everything rejects with `CallFailed`, and with `NO_CONTROLLER` where no controller stands behind the hub. */
export class RunsCalls {
  readonly #connection: HubConnection;
  readonly #client: ReturnType<typeof hubServices>['runs'];

  constructor(connection: HubConnection) {
    this.#connection = connection;
    this.#client = hubServices(connection).runs;
  }

  async start(request: StartRunRequest): Promise<Run> {
    const { run } = await ask<StartRunResponse>((done) =>
      this.#client.startRun(request, this.#connection.metadata(), deadline(), done),
    );
    return told(run);
  }

  /** Asks whoever conducts it to end it; that it has ended, only a watch tells. */
  async stop(run: string, reason: string): Promise<Run> {
    const answer = await ask<StopRunResponse>((done) =>
      this.#client.stopRun({ run, reason }, this.#connection.metadata(), deadline(), done),
    );
    return told(answer.run);
  }

  async get(run: string): Promise<Run> {
    const answer = await ask<GetRunResponse>((done) =>
      this.#client.getRun({ run }, this.#connection.metadata(), deadline(), done),
    );
    return told(answer.run);
  }

  /** The newest first; `limit` 0: as many as the hub tells by itself. */
  list(limit: number): Promise<ListRunsResponse> {
    return ask<ListRunsResponse>((done) =>
      this.#client.listRuns({ limit }, this.#connection.metadata(), deadline(), done),
    );
  }

  /** The one of this name, or the newest where none is named. Throws `RUN_UNKNOWN` when there is none at all. */
  async find(name: string | undefined): Promise<Run> {
    if (name !== undefined) return this.get(name);
    const { runs } = await this.list(1);
    const [newest] = runs;
    if (newest !== undefined) return newest;
    throw new PosternError('RUN_UNKNOWN', 'there is no run yet', {
      hint: 'begin one with `postern run SCENARIO`',
    });
  }

  /** What it is now, then what becomes of it, until it has ended. */
  watch(run: string): ClientReadableStream<WatchRunResponse> {
    return this.#client.watchRun({ run }, this.#connection.metadata());
  }

  /** What a run that has ended has shown, judged anew. */
  async report(request: GetReportRequest): Promise<string> {
    const parts: Buffer[] = [];
    const bound = { deadline: Date.now() + reportWithinMs };
    const stream = this.#client.getReport(request, this.#connection.metadata(), bound);
    const read = async (): Promise<void> => {
      for await (const { part } of messagesOf<GetReportResponse>(stream)) parts.push(part);
    };
    await read().catch(explain);
    return Buffer.concat(parts).toString('utf8');
  }
}

/** A unary call. */
function ask<R>(call: Parameters<typeof unary<R>>[0]): Promise<R> {
  return unary<R>(call).catch(explain);
}

/** Says it where a hub knows the service of runs not at all. */
function explain(thrown: unknown): never {
  if (!(thrown instanceof CallFailed) || thrown.status.code !== status.UNIMPLEMENTED) throw thrown;
  throw new PosternError('NO_CONTROLLER', 'the hub has no controller: it conducts no runs', {
    hint: 'a hub of `postern up` has one; beside another hub, start `postern controller`',
    exitCode: thrown.exitCode,
    cause: thrown,
  });
}

function told(run: Run | undefined): Run {
  if (run !== undefined) return run;
  throw new PosternError('ANSWER_INVALID', 'the hub has answered without the run');
}
