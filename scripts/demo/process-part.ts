import path from 'node:path';
import { findLeftovers } from '../testing/leftovers.js';
import { type Demo, joinToken, runPostern, startPostern } from './context.js';
import { until } from './programs.js';

/** Stands for Fluentd: it starts one process beside it, and one that leaves its group and session. */
const command = 'sh -c "sleep 600 & setsid sleep 600 & wait"';
/** As many processes that is. */
const processes = 3;

/** A process beside an agent: started, stopped, and gone with its agent. */
export async function processPart(demo: Demo): Promise<void> {
  const { stage, world } = demo;
  stage.part('A process beside an agent, started and stopped from afar');
  const mark = `DEMO_PROCESS=${world.mark.value}`;
  const left = (withinMs = 0) => findLeftovers(mark, withinMs);
  const agent = (extra: readonly string[]) =>
    startPostern(demo, {
      name: 'agent-testserver',
      args: [
        ...['agent', '--node', 'testserver', '--fluentd', command, '--fluentd-grace', '2s'],
        ...['--fluentd-env', mark, '--fluentd-env', `${world.mark.name}=${world.mark.value}`],
        ...['--hub', `http://${demo.hub}`],
        ...['--data', path.join(world.dir, 'testserver'), ...extra],
      ],
    });
  const asked = async (method: string, wanted: string) => {
    const { stdout } = await runPostern(demo, ['fluentd', method, 'testserver'], { input: '{}' });
    stage.show(stdout);
    if (!stdout.includes(`"${wanted}"`)) throw new Error(`${method} did not answer ${wanted}`);
  };
  const allRun = async () => {
    if (!(await until(async () => (await left()).length === processes, 10_000))) {
      throw new Error(`not ${processes} processes: ${(await left()).map((one) => one.command).join('; ')}`);
    }
  };
  const noneLeft = async (withinMs: number) => {
    const there = await left(withinMs);
    if (there.length > 0)
      throw new Error(`left: ${there.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
  };

  const first = await stage.step('agent `testserver` joins, and no server beside it', async () =>
    agent(['--token', await joinToken(demo, 'testserver')]),
  );
  await stage.step('it is started, once', async () => {
    await asked('start', 'START_SUCCESS');
    await asked('start', 'START_NOCHANGE');
    await allRun();
  });
  await stage.step('it is stopped with all that it has started', async () => {
    await asked('stop', 'STOP_SUCCESS');
    await noneLeft(0);
  });
  await stage.step('kill -9 of the agent, and nothing of the process is left', async () => {
    await asked('start', 'START_SUCCESS');
    await allRun();
    stage.command(`kill -9 ${first.pid}`);
    first.signal('SIGKILL');
    await noneLeft(10_000);
  });
  await stage.step('the agent that comes back knows that it does not run', async () => {
    await agent([]);
    await asked('stop', 'STOP_NOCHANGE');
  });
}
