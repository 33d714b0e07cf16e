import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test as Told } from '../../../src/gen/postern/v1/tests.js';
import { OldController } from '../../support/infra/old-controller.js';
import { eventually } from '../../support/processes.js';
import { Stage } from '../rehearsal/stage.js';

/** Nodes with agents that listen for controllers of before, and such a controller. */
export class InfraStage {
  readonly stage: Stage;
  /** By node: where its infra server listens. */
  readonly addresses = new Map<string, string>();
  readonly #controllers: OldController[] = [];
  #token = '';

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  static async open(nodes: readonly string[], daemonOptions: readonly string[] = []): Promise<InfraStage> {
    const stage = await Stage.open(nodes, daemonOptions, ['--infra-listen', '127.0.0.1:0']);
    const infra = new InfraStage(stage);
    infra.#token = await stage.fleet.callerToken('controller');
    for (const node of nodes) infra.#listens(node);
    return infra;
  }

  /** A controller at the infra server of a node. */
  at(node: string): OldController {
    return this.#made(new OldController(this.addresses.get(node) ?? ''));
  }

  /** A controller that reaches a node through the hub. */
  async through(node: string): Promise<OldController> {
    const fields = { name: node, authorization: `Bearer ${this.#token}` };
    return this.#made(new OldController(await this.stage.fleet.hubAddress(), fields));
  }

  /** Kills the agent of a node and starts another one in its place, which listens elsewhere. */
  async restartAgent(node: string): Promise<void> {
    await this.stage.agents.get(node)?.stop('SIGKILL');
    await this.stage.startAgent(node);
    this.#listens(node);
  }

  /** Key of the group that a node knows by this name. */
  async groupOf(node: string, groupName: string): Promise<string> {
    const path = join(this.stage.fleet.dir, node, 'agent', node, 'infra/book.json');
    const { names }: { names: [string, string][] } = JSON.parse(await readFile(path, 'utf8'));
    return new Map(names).get(groupName) ?? '';
  }

  /** The run that the tests of a group stand under, the same on all of these nodes. */
  async runOf(nodes: readonly string[], groupName: string): Promise<string> {
    const runs = new Set<string>();
    for (const node of nodes) {
      const group = await this.groupOf(node, groupName);
      const { tests } = await this.stage.ask(node, this.stage.client.listTests, { run: '' });
      for (const { run, spec } of tests) if (spec?.group === group) runs.add(run);
    }
    const [run, ...others] = runs;
    if (run === undefined || others.length > 0)
      throw new Error(`runs of '${groupName}': ${[...runs].join()}`);
    return run;
  }

  /** The tests of a node, as `postern test show` tells them. */
  async tests(node: string): Promise<Told[]> {
    const { code, stdout, stderr } = await this.stage.fleet.postern(['test', 'show', node, '-o', 'json']);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout).tests;
  }

  /** Waits until a test in a group of a node says so; gives it. */
  until(
    node: string,
    { run, test }: { readonly run: string; readonly test: string },
    what: string,
    holds: (told: Told) => boolean,
  ): Promise<Told> {
    return eventually(
      `${test} on ${node} ${what}`,
      async () => {
        const told = (await this.stage.ask(node, this.stage.client.listTests, { run })).tests.find(
          (one) => one.test === test,
        );
        return told !== undefined && holds(told) ? told : undefined;
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
  }

  async close(): Promise<void> {
    for (const controller of this.#controllers) controller.close();
    await this.stage.close();
  }

  #listens(node: string): void {
    this.addresses.set(node, String(this.stage.agents.get(node)?.ready.infra));
  }

  #made(controller: OldController): OldController {
    this.#controllers.push(controller);
    return controller;
  }
}
