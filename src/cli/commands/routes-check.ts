import { checkHubConfig } from '../../hub/check-config.js';
import { configOption } from '../common-options.js';
import { anyHubSettings, hubConfigOf } from '../hub-settings.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { Options } from '../options.js';
import { readSettings } from '../settings.js';

/** `postern routes check`. */
export async function run(invocation: Invocation): Promise<number> {
  const file = requiredWord(invocation, 0);
  const options = new Options([configOption], new Map([['config', file]]), {});
  const settings = await readSettings({ ...invocation, options }, anyHubSettings, []);
  const { natsListen } = settings;
  const natsUrls = settings.nats ?? (natsListen === undefined ? [] : [`nats://${natsListen}`]);
  const { routes, certificates } = await checkHubConfig(hubConfigOf(settings, { data: '.', natsUrls }));
  invocation.streams.stdout.write(
    `${file}: ${count(routes, 'route')} and ${count(certificates, 'certificate')}, all good\n`,
  );
  return 0;
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
