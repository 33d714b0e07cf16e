import { resolve } from 'node:path';
import { readHubFile } from '../../client/hub-file.js';
import { PosternError } from '../../errors.js';
import { createLogger } from '../../log.js';
import { posternVersion } from '../../package-info.js';
import { createPrivateFile, replacePrivateFile } from '../../private-file.js';
import { packBackup } from '../backup/archive.js';
import { readDataFiles } from '../backup/data-files.js';
import { hasOwnServer, openBus, readRegistry } from '../backup/registry.js';
import type { ArchiveFile } from '../backup/tar.js';
import { Cleanup } from '../cleanup.js';
import { type Invocation, type Output, requiredWord } from '../invocation.js';
import { logLevelOf } from '../serving.js';
import { dataDirectoryOf } from '../with-hub.js';

/** `postern backup`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const file = requiredWord(invocation, 0);
  if (file === '-' && streams.stdout.isTTY) {
    throw new PosternError('USAGE', 'a backup is no text for a terminal: name a file, or pipe it', {
      exitCode: 2,
    });
  }
  const data = resolve(dataDirectoryOf(invocation));
  const own = await readDataFiles(data);
  if (!own.some(({ name }) => /^(keys|agent)\//.test(name))) {
    throw new PosternError('NOTHING_TO_BACK_UP', `there are no keys in ${data}`, {
      hint: 'run this on the machine of the hub, with its data directory: --data DIR',
    });
  }
  const registry = await registryOf(invocation, data);
  const files = [...own, ...(registry ?? [])];
  const facts = { postern: posternVersion(), atMs: Date.now(), registry: registry !== undefined };
  const archive = packBackup(files, facts);
  if (file === '-') await written(streams.stdout, archive);
  else await write(file, archive, options.flag('force'));
  const where = file === '-' ? 'what was written' : file;
  streams.stderr.write(
    `${where} holds ${files.length} files, keys and tokens among them: whoever has it is admin of this hub. Keep it as safe as a password\n`,
  );
  if (registry === undefined) {
    streams.stderr.write(
      'the registry of nodes and tokens is not in it: no hub runs with this data directory, and it has no NATS server of its own; say --nats URL\n',
    );
  }
  return 0;
}

/** The registry, from the bus of the running hub or from where it lies; undefined where there is none. */
async function registryOf(invocation: Invocation, data: string): Promise<ArchiveFile[] | undefined> {
  const { options, env } = invocation;
  const running = (await readHubFile(data))?.nats;
  const said = options.list('nats');
  const urls = said.length === 0 && running !== undefined ? [running] : said;
  if (urls.length === 0 && !(await hasOwnServer(data))) return undefined;
  const log = createLogger(logLevelOf(options.text('log-level')), { role: 'backup' });
  const cleanup = new Cleanup(log);
  try {
    return await readRegistry(await openBus({ data, urls, env, log, cleanup }));
  } finally {
    await cleanup.run();
  }
}

async function write(file: string, archive: Buffer, replace: boolean): Promise<void> {
  const path = resolve(file);
  if (replace) return replacePrivateFile(path, archive);
  if (await createPrivateFile(path, archive)) return;
  throw new PosternError('FILE_EXISTS', `there is a file ${file} already`, {
    hint: 'choose another name, or replace it with --force',
    exitCode: 2,
  });
}

async function written(stdout: Output, archive: Buffer): Promise<void> {
  await new Promise<void>((done) => stdout.write(archive, () => done()));
}
