import { errorText, PosternError } from '../errors.js';
import { assembleAgent } from './assembly.js';
import type { AgentConfigInput } from './config.js';
import type { AgentDeps, AgentEnd, AgentReady } from './life.js';
import type { AgentLink } from './link.js';

export { type AgentConfig, type AgentConfigInput, agentConfig } from './config.js';
export type { AgentDeps, AgentEnd, AgentReady } from './life.js';

/** A running agent. */
export interface RunningAgent {
  /** Online for the first time. Rejects with `PosternError` when the agent ends before that. */
  readonly ready: Promise<AgentReady>;
  /** The agent has ended and freed everything. Never rejects. */
  readonly done: Promise<AgentEnd>;
  /** Makes the next attempt at once where it waits for one. */
  retry(): void;
  /** Takes no new calls, lets the open ones finish for `drainSeconds`, and ends. */
  stop(): Promise<void>;
}

/** Starts an agent. A configuration that is not valid is told by `ready` and `done`, as everything else is. */
export function startAgent(config: AgentConfigInput, deps: AgentDeps): RunningAgent {
  let told: (end: AgentEnd) => void = () => {};
  const done = new Promise<AgentEnd>((resolve) => {
    told = resolve;
  });
  let online: (ready: AgentReady) => void = () => {};
  const ready = new Promise<AgentReady>((resolve, reject) => {
    online = resolve;
    void done.then(({ error }) =>
      reject(error ?? new PosternError('STOPPED', 'the agent was stopped before it was online')),
    );
  });
  ready.catch(() => {}); // whoever does not wait for it hears of the failure through `done`

  let stopping = false;
  let link: AgentLink | undefined;
  assembleAgent(config, deps, { online: (place) => online(place), ended: (end) => told(end) }).then(
    (prepared) => {
      link = prepared;
      link.send({ type: stopping ? 'STOP' : 'START' });
    },
    (thrown: unknown) => {
      const error =
        thrown instanceof PosternError
          ? thrown
          : new PosternError('AGENT_FAILED', errorText(thrown), { cause: thrown });
      told({ reason: 'failed', error });
    },
  );
  return {
    ready,
    done,
    retry: () => link?.send({ type: 'RETRY_ASKED' }),
    async stop() {
      stopping = true;
      link?.send({ type: 'DRAIN' });
      await done;
    },
  };
}
