import path from 'node:path';
import { compiledRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import type { Arena } from './arena.js';

/** A client in a process of its own, with a call in each phase. */
export class ClientProcess {
  readonly #process: RunningProcess;
  /** Of its calls. */
  readonly ids: readonly string[];

  private constructor(started: RunningProcess, ids: readonly string[]) {
    this.#process = started;
    this.ids = ids;
  }

  static async start(arena: Arena): Promise<ClientProcess> {
    const started = await startReady(process.execPath, [
      path.join(compiledRoot, 'test/system/chaos/client.js'),
      ...[arena.address, 'victim', arena.token],
    ]);
    const ids = Array.isArray(started.ready.ids) ? started.ready.ids.map(String) : [];
    await eventually('the server has its calls', () => {
      const seen = arena.server.seen();
      return ids.every((id) => seen.has(id));
    });
    return new ClientProcess(started, ids);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /** Its flow goes on, nothing that came was wrong, and nothing has ended. */
  async assertGoesOn(): Promise<void> {
    const lines = this.#process.lines().length;
    await eventually('the client gets more', () => this.#process.lines().length > lines + 2);
    for (const line of this.#process.lines()) {
      const { wrong, ended }: { wrong: string[]; ended: string[] } = JSON.parse(line);
      if (wrong.length + ended.length > 0) throw new Error(line);
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }
}
