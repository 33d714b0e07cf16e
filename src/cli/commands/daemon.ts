import { join } from 'node:path';
import { acceptedKeys } from '../../auth/accepted-keys.js';
import type { KeySet } from '../../auth/key-set.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { type DaemonConfig, startDaemon } from '../../daemon/daemon.js';
import { parseMisbehaviour } from '../../daemon/misbehave/plan.js';
import { PosternError } from '../../errors.js';
import { posternVersion } from '../../package-info.js';
import { parseAddress } from '../../wire/address.js';
import { type DaemonSettings, daemonBindings, daemonSettings } from '../daemon-settings.js';
import type { Invocation } from '../invocation.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';

/** How long two daemons may take to prove who they are, in milliseconds. */
const handshakeMs = 5_000;

/** `postern daemon`. */
export async function run(invocation: Invocation): Promise<number> {
  const settings = await readSettings(invocation, daemonSettings, daemonBindings);
  // Beside a hub's files none of them is mistaken for another.
  const data = await makeDataDirectory(join(settings.data ?? defaultDataDirectory(invocation.env), 'daemon'));
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const keys = await Promise.all(settings.acceptKey.map((place) => acceptedKeys(place, log)));
    const daemon = await startDaemon(configOf(settings, data, keys), log);
    cleanup.add('the daemon', () => daemon.stop());
    const { listen, peerId, peerKey, addresses } = daemon;
    return {
      facts: { listen, role: settings.role, peerId, peerKey, peers: [...addresses], pid: process.pid },
      line: `daemon: ready on ${listen} as ${settings.role} ${peerId}, for peers at ${addresses.join(', ') || 'no address'}`,
    };
  });
}

function configOf(settings: DaemonSettings, data: string, acceptKeys: readonly KeySet[]): DaemonConfig {
  const listen = parseAddress(settings.listen.join(), 'listen');
  if ('path' in listen)
    throw new PosternError('ADDRESS_INVALID', '--listen is not HOST:PORT', { exitCode: 2 });
  const { peer, rdvp, relay, bootstrap } = settings;
  return {
    data,
    listen,
    peers: {
      role: settings.role,
      listen: settings.peerListen === 'off' ? undefined : settings.peerListen,
      advertise: settings.advertise,
      dial: [...new Set([...peer, ...rdvp, ...relay, ...bootstrap])],
      acceptTokens: settings.acceptToken,
      acceptKeys,
      times: { handshakeMs, idleMs: settings.idle * 1000 },
      backoff: { minMs: settings.minBackoff * 1000, maxMs: settings.maxBackoff * 1000 },
      syncMs: settings.sync * 1000,
    },
    acknowledge: settings.acknowledge,
    dialect: settings.dialect,
    misbehave: {
      odd: parseMisbehaviour(settings.misbehave),
      seed: settings.seed,
      truth: settings.truth ?? join(data, 'truth.jsonl'),
    },
    version: posternVersion(),
  };
}
