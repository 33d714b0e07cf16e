import { loadOrCreateAuthority } from '../../bus/authority.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { startHubProcess } from '../hub-process.js';
import { hubBindings, hubConfigOf, hubSettings } from '../hub-settings.js';
import type { Invocation } from '../invocation.js';
import { keysIn } from '../keys-directory.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { seenFile } from '../reload.js';
import { routesOrigin } from '../route-settings.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';

/** `postern hub`. */
export async function run(invocation: Invocation): Promise<number> {
  const file = await seenFile(invocation.options.text('config'));
  const settings = await readSettings(invocation, hubSettings, hubBindings);
  const data = await makeDataDirectory(settings.data ?? defaultDataDirectory(invocation.env));
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const authority = await loadOrCreateAuthority(keysIn(data));
    const natsUrls = settings.nats;
    const place = { data, natsUrls, routesFrom: routesOrigin(invocation) };
    const config = hubConfigOf(settings, place);
    const configure = async () =>
      hubConfigOf(await readSettings(invocation, hubSettings, hubBindings), place);
    return startHubProcess({
      invocation,
      config,
      file,
      configure,
      natsUrls,
      authority,
      withController: false,
      log,
      cleanup,
    });
  });
}
