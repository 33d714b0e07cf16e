import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubTarget } from '../../client/hub-target.js';
import type { NodeEntry, Scenario } from '../../controller/scenario/scenario.js';
import { type DaemonOrder, daemonWords, peersToDial, sendsMedia, toldOf } from './daemon-words.js';
import { inParallel, startsAtOnce } from './in-parallel.js';
import { NodesDesk } from './nodes-desk.js';
import { relayWords } from './relay-words.js';
import type { WorldNode, WorldOptions } from './world.js';
import type { WorldProcess } from './world-process.js';
import type { WorldStage } from './world-stage.js';

/** A stop must not wait long for calls that are still open. */
const drain = ['--drain', '1s'];

/**
 * Starts a hub, and a daemon and an agent for each node of a scenario; resolves when all daemons serve. Rejects with
 * `WORLD_FAILED`, and the reason of the signal.
 */
export async function startNodes(
  scenario: Scenario,
  stage: WorldStage,
  { seed = scenario.seed ?? '0', signal, relay }: Pick<WorldOptions, 'seed' | 'signal' | 'relay'>,
): Promise<void> {
  stage.tell('starting the hub');
  const { listen, hub } = await startHub(stage);
  stage.hub = hub;
  const desk = await NodesDesk.open(hub);
  try {
    const all = scenario.nodes.flatMap((entry) => entry.names.map((name) => ({ name, entry })));
    stage.nodes = all.map(({ name }) => nodeOf(stage, name));
    const count = counted(stage, 'starting agents and daemons', 2 * all.length);
    const media = sendsMedia(scenario);
    const place = (node: string) => stage.ground.place(node);
    await inParallel(all, startsAtOnce, async (one) => {
      const dials = peersToDial(one.name, scenario, place);
      const relays = relayWords(stage.ground, one.name, toldOf(one.entry.daemon, dials));
      await startDaemon(stage, one, { seed, media, dials, reach: relays.reach });
      count();
      const token = await desk.joinToken(one.name);
      const env = { POSTERN_HUB: stage.ground.hubUrl(listen), POSTERN_TOKEN: token };
      const more = relay === undefined ? [] : ['--daemon-relay', relay];
      await startAgent(stage, one.name, [...relays.words, ...more], env);
      count();
    });
    const serving = counted(stage, 'waiting until all daemons serve', all.length);
    await inParallel(all, startsAtOnce, async ({ name }) => {
      await desk.awaitServing(name, signal);
      serving();
    });
  } finally {
    desk.close();
  }
}

async function startHub(stage: WorldStage): Promise<{ listen: readonly string[]; hub: HubTarget }> {
  const { files, ground, provider } = stage;
  const at = ground.hubListen.flatMap((address) => ['--listen', address]);
  const data = ['--data', files.hub];
  const { facts } = await stage.start('hub', 'hub', ['up', ...at, ...data, '--metrics', 'off', ...drain]);
  const listen = Array.isArray(facts.listen) ? facts.listen.map(String) : [];
  const token = (await readFile(join(files.hub, 'tokens/admin.jwt'), 'utf8')).trim();
  return { listen, hub: { address: ground.hubAddress(listen), from: `provider ${provider}`, token } };
}

function nodeOf({ files, ground }: WorldStage, name: string): WorldNode {
  const directory = files.node(name);
  return { name, directory, daemon: ground.place(name).grpc, truth: join(directory, 'truth.jsonl') };
}

function startDaemon(
  stage: WorldStage,
  { name, entry }: { readonly name: string; readonly entry: NodeEntry },
  given: Pick<DaemonOrder, 'seed' | 'media' | 'dials' | 'reach'>,
): Promise<unknown> {
  const { directory, truth } = nodeOf(stage, name);
  const place = (node: string) => stage.ground.place(node);
  const words = daemonWords({ ...given, node: name, setup: entry.daemon, place, data: directory, truth });
  const crashes = entry.daemon.misbehave?.includes('crash') === true;
  return crashes ? stage.keepUp(name, words) : stage.start('daemon', name, words);
}

function startAgent(
  stage: WorldStage,
  name: string,
  relays: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<WorldProcess> {
  const { directory, daemon } = nodeOf(stage, name);
  // nodes of one machine share its ports
  const server = ['--daemon', daemon, '--to', daemon, '--infra-listen', 'off'];
  const words = [
    'agent',
    '--node',
    name,
    ...server,
    ...relays,
    '--data',
    directory,
    '--connect-timeout',
    '60s',
    ...drain,
  ];
  return stage.start('agent', name, words, env);
}

function counted(stage: WorldStage, step: string, of: number): () => void {
  let done = 0;
  stage.tell(step, done, of);
  return () => {
    done += 1;
    stage.tell(step, done, of);
  };
}
