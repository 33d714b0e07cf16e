import { type Demo, postern, runPostern } from './context.js';
import { until } from './programs.js';

/** An agent dies and comes back: who asks the hub sees it, and nobody has to touch the hub. */
export async function recoveryPart(demo: Demo): Promise<void> {
  const { stage } = demo;
  stage.part('An agent is killed, and comes back');
  const seen: string[] = [];
  /** True when the node's state is `wanted`; notes each change on the way. Each look is a process. */
  const becomes = (wanted: RegExp, timeoutMs: number) =>
    until(
      async () => {
        const state = await stateOf(demo);
        if (state !== seen.at(-1)) seen.push(state);
        return wanted.test(state);
      },
      timeoutMs,
      500,
    );

  await stage.step('kill -9: the node is suspect, then lost', async () => {
    await becomes(/^connected/, 10_000);
    stage.command(`kill -9 ${demo.interopAgent.pid}`);
    demo.interopAgent.signal('SIGKILL');
    if (!(await becomes(/^lost$/, 45_000))) throw new Error(`its states were ${seen.join(', ')}`);
    stage.show(seen.join(' → '));
    if (!seen.includes('suspect')) throw new Error('it was never shown as suspect');
    stage.show((await runPostern(demo, ['nodes'])).stdout);
  });
  await stage.step('a call to it fails at once, and says why', async () => {
    const call = ['call', 'demo', 'grpc.testing.TestService/EmptyCall', '-d', '{}', '--max-time', '10'];
    stage.show((await runPostern(demo, call, { code: 64 + 14 })).stderr);
  });
  await stage.step('started again with the key that it has: back, and calls go through', async () => {
    demo.interopAgent = await demo.startInteropAgent();
    if (!(await becomes(/^connected/, 15_000))) throw new Error(`its states were ${seen.join(', ')}`);
    const call = ['call', 'demo', 'grpc.testing.TestService/EmptyCall', '-d', '{}', '--max-time', '10'];
    await runPostern(demo, call);
  });
  await stage.step('the bus has the whole story', async () => {
    const story = await runPostern(demo, ['inspect', 'demo']);
    stage.show(story.stdout.trimEnd().split('\n').slice(-8).join('\n'));
    for (const state of ['suspect', 'lost', 'connected']) {
      if (!story.stdout.includes(state)) throw new Error(`no transition tells of ${state}`);
    }
  });
}

/** What `postern nodes` says of the node's state; '' when it says nothing. */
async function stateOf({ world: { programs } }: Demo): Promise<string> {
  const listed = await programs.run(postern, ['nodes', 'demo', '-o', 'json']);
  if (listed.code !== 0) return '';
  const parsed: unknown = JSON.parse(listed.stdout);
  const node: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const state: unknown = typeof node === 'object' && node !== null && 'state' in node ? node.state : '';
  return typeof state === 'string' ? state : '';
}
