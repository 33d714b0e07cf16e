import { loadOrCreateKey } from '../../auth/node-key.js';
import { nodeName } from '../../bus/messages.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { readHubFile } from '../../client/hub-file.js';
import { dialable } from '../../client/hub-target.js';
import { toLocalServer } from '../../client/tunnel/local-server.js';
import { startTunnelNode, type TunnelNode, type TunnelPlace } from '../../client/tunnel/tunnel-node.js';
import { tunnelUrls } from '../../client/tunnel/tunnel-url.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { posternVersion } from '../../package-info.js';
import { parseAddress } from '../../wire/address.js';
import { readPemFile } from '../../wire/pem-file.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { makeJoinToken } from '../join-token.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { type ServeSettings, serveBindings, serveSettings } from '../serve-settings.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';
import { tokenOf } from '../token-file.js';

const defaultHub = 'ws://localhost:8080/ws';

/** `postern serve`. */
export async function run(invocation: Invocation): Promise<number> {
  const node = nodeOf(requiredWord(invocation, 0));
  const settings = await readSettings(invocation, serveSettings, serveBindings);
  const data = await makeDataDirectory(settings.data ?? defaultDataDirectory(invocation.env));
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const { link, place } = await join(settings, { node, data, log }, (started) =>
      cleanup.add('the tunnel', () => started.stop()),
    );
    return {
      facts: { ...place, pid: process.pid },
      line: `serve: ready as ${node}, instance ${place.instance}, in front of ${settings.to.join()}`,
      ended: link.done.then(({ error }) => {
        if (error !== undefined) throw error;
      }),
    };
  });
}

/** Opens the tunnel. Beside a running hub, a node whose key is not bound yet makes itself a join token. */
async function join(
  settings: ServeSettings,
  given: { node: string; data: string; log: Logger },
  started: (link: TunnelNode) => void,
): Promise<{ link: TunnelNode; place: TunnelPlace }> {
  const { node, data, log } = given;
  const beside = await hubBeside(data);
  const hubs = tunnelUrls(settings.hubUri ?? [beside ?? defaultHub]);
  const timeoutMs = settings.connectTimeout * 1000;
  const [key, ca, token] = await Promise.all([
    loadOrCreateKey(data, node),
    settings.hubCa === undefined ? undefined : readPemFile(settings.hubCa, 'CA'),
    tokenOf(settings),
  ]);
  const start = (withToken: string | undefined): TunnelNode => {
    const link = startTunnelNode({
      node,
      hubs,
      key,
      token: withToken,
      share: settings.share,
      outbound: {
        rejectUnauthorized: !settings.tlsInsecureSkipVerify,
        ...(ca === undefined ? {} : { ca }),
      },
      onConnection: toLocalServer(parseAddress(settings.to.join()), { timeoutMs, log }),
      timeoutMs,
      drainMs: settings.drain * 1000,
      version: posternVersion(),
      log,
    });
    started(link);
    return link;
  };
  const link = start(token);
  try {
    return { link, place: await link.ready };
  } catch (thrown) {
    const unbound = thrown instanceof PosternError && thrown.code === 'KEY_UNKNOWN';
    // A token of this machine's hub is of no use to another hub, and none of its business.
    if (!unbound || token !== undefined || beside === undefined || !hubs.every(isThisMachine)) throw thrown;
  }
  log.info('the key is not bound yet: making a join token with the admin token of the data directory');
  const again = start(await makeJoinToken(data, node));
  return { link: again, place: await again.ready };
}

/** Where the hub that runs with this data directory takes tunnels. */
async function hubBeside(data: string): Promise<string | undefined> {
  const address = (await readHubFile(data))?.listen.find((one) => !one.startsWith('unix:'));
  return address === undefined ? undefined : `ws://${dialable(address)}`;
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function nodeOf(name: string): string {
  const checked = nodeName.safeParse(name);
  if (checked.success) return checked.data;
  const reason = checked.error.issues[0]?.message ?? 'it is no node name';
  throw new PosternError('NODE_INVALID', `'${name}': ${reason}`, { exitCode: 2 });
}
