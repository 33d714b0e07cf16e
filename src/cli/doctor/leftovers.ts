import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { commandLine } from '../../bus/process-identity.js';
import { hubFile } from '../../client/hub-file.js';
import { type Check, fail, ok, quoted, skipped, warn } from './check.js';

/** What a hub that was killed may have left: its `hub.json`, and its NATS server. */
export const leftoversCheck: Check = {
  name: 'leftovers',
  async run({ data, running }) {
    const hub = await running();
    const path = join(data, 'hub.json');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    const orphan = hub === undefined ? await serverLeft(data) : undefined;
    if (orphan !== undefined) {
      return warn(
        `a nats-server runs (process ${orphan}) whose hub has ended`,
        `\`postern up\` stops it when it starts; else \`kill ${orphan}\``,
      );
    }
    if (hub !== undefined) {
      const words = await commandLine(hub.pid);
      // A process id is given to another process one day.
      if (words === undefined || !/postern|node/.test(words)) {
        return fail(
          `${path} names process ${hub.pid}, which is no hub: the hub was killed`,
          `\`rm ${quoted(path)}\`, and start the hub again`,
        );
      }
      return ok(`nothing; the hub is process ${hub.pid}`);
    }
    if (text === undefined) return skipped('no hub runs with this data directory');
    const whole = hubFile.safeParse(parsed(text));
    const why = whole.success ? `names process ${whole.data.pid}, which has ended` : 'cannot be read';
    return warn(`${path} ${why}: the hub was killed`, `start the hub again, or \`rm ${quoted(path)}\``);
  },
};

/** Process id of an embedded server that runs. */
async function serverLeft(data: string): Promise<number | undefined> {
  const nats = join(resolve(data), 'nats');
  const pid = Number(await readFile(join(nats, 'nats.pid'), 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const words = await commandLine(pid);
  return words?.endsWith(`-c ${join(nats, 'nats.conf')}`) === true ? pid : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
