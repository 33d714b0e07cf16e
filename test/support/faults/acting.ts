/**
 * Makes one fault by the kernel of this machine, with traffic before, while and after it acts, and prints what became of it:
 * `Exhibit` as JSON on standard input, `Exhibited` as JSON on standard output.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { HubPlaces } from '../../../src/agent/faults/hub-places.js';
import type { Act } from '../../../src/agent/faults/injection.js';
import { KernelFaults } from '../../../src/agent/faults/kernel/kernel-faults.js';
import { FaultProof } from '../../../src/agent/faults/proof/fault-proof.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { createLogger } from '../../../src/log.js';
import { formatAddress } from '../../../src/wire/address.js';
import { Gate } from '../../../src/wire/gate.js';
import type { Exhibit, Exhibited, Looks } from './exhibit.js';
import { datagrams, dialled, Flow, throughput } from './flows.js';

const exec = promisify(execFile);
const log = createLogger('silent');

async function input(): Promise<Exhibit> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}

/** All that faults could change for good. */
async function state(): Promise<string> {
  const asked = [
    ['nft', 'list', 'ruleset'],
    ['tc', 'qdisc', 'show'],
    ['ip', 'addr', 'show'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['ip', 'neigh', 'show', 'nud', 'permanent'],
  ];
  const said = [];
  for (const [program = '', ...args] of asked) {
    said.push(
      await exec(program, args).then(
        ({ stdout }) => `${args.join(' ')}\n${stdout}`,
        () => '',
      ),
    );
  }
  return said.join('\n');
}

const exhibit = await input();
const { directory, hub, peer, forMs } = exhibit;
const act: Act = exhibit.act;
const gate = new Gate();
const places = new HubPlaces(gate, [`http://${formatAddress(hub)}`], () => []);
await mkdir(join(directory, 'undo'), { recursive: true });
const undo = new UndoShelf(join(directory, 'undo'), 'a');
const guardian = new GuardianLink(undo, log);
const daemon = createServer((socket) => socket.on('error', () => {}).pipe(socket));
/** Of the same family as all else. */
const daemonHost = hub.host.includes(':') ? '::1' : '127.0.0.1';
daemon.listen(0, daemonHost);
await once(daemon, 'listening');
const address = daemon.address();
const daemonPort = typeof address === 'object' && address !== null ? address.port : 0;
const kernel = new KernelFaults({
  ...{ places, undo, guardian, owner: 'K', log },
  target: () => formatAddress({ host: daemonHost, port: daemonPort }),
});

const flows = { hub: await Flow.open(hub, (socket) => gate.enter(socket)), peer: await Flow.open(peer) };

async function looks(patienceMs: number): Promise<Looks> {
  const [toHub, toPeer, toDaemon, hubFlow, peerFlow, sent] = await Promise.all([
    dialled(hub),
    dialled(peer),
    dialled({ host: daemonHost, port: daemonPort }),
    flows.hub.say(patienceMs),
    flows.peer.say(patienceMs),
    datagrams(peer, exhibit.datagrams),
  ]);
  const bytesPerSecond = exhibit.bulk === 0 ? 0 : await throughput(peer, exhibit.bulk);
  return { toHub, toPeer, toDaemon, hubFlow, peerFlow, datagrams: sent, bytesPerSecond };
}

async function exhibited(): Promise<Exhibited> {
  const ability = await kernel.ability(act);
  if ('code' in ability) return { refused: ability };
  const stateBefore = await state();
  const before = await looks(2_000);
  const proof = new FaultProof(() => kernel.proving(act, 'r.f'), [], log);
  await proof.sound(Date.now() + 3_000);
  const release = await kernel.prepare(act);
  const endsAtMs = Date.now() + forMs;
  const injection = await kernel.inject({ ...act, name: 'r.f', endsAtMs }).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown)
      return { code: String(thrown.code), message: thrown.message };
    throw thrown;
  });
  if ('code' in injection) return { refused: injection };
  const stateDuring = await state();
  if (exhibit.dies) {
    process.stdout.write(stateDuring, () => process.kill(process.pid, 'SIGKILL'));
    await once(process, 'exit');
  }
  const [program = '', ...args] = exhibit.meanwhile;
  if (program !== '') await exec(program, args);
  const [during] = await Promise.all([looks(800), proof.watch(endsAtMs)]);
  const rival = exhibit.rival
    ? await kernel.inject({ ...act, name: 'r.g', endsAtMs }).then(
        () => 'none',
        (thrown: unknown) => (thrown instanceof Error ? thrown.message : ''),
      )
    : '';
  await sleep(Math.max(0, endsAtMs - Date.now()));
  const dropped = (await injection.dropped?.().catch(() => -1)) ?? 0;
  const healed = await injection.heal();
  release();
  const proven = await proof.check(() => []);
  const after = await looks(5_000);
  // Addresses of IPv6 are looked at by their neighbours for a while.
  await sleep(exhibit.settleMs);
  return {
    by: injection.by,
    ...{ before, during, after, dropped, healed, proven, rival },
    sights: proof.sights,
    states: { before: stateBefore, during: stateDuring, after: await state() },
  };
}

const result = await exhibited();
process.stdout.write(`${JSON.stringify(result)}\n`, () => {
  flows.hub.close();
  flows.peer.close();
  guardian.stop();
  process.exit(0);
});
