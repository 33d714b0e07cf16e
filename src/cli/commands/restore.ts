import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readHubFile } from '../../client/hub-file.js';
import { errorText, PosternError } from '../../errors.js';
import { createLogger, type Logger } from '../../log.js';
import { type Backup, longestArchive, unpackBackup } from '../backup/archive.js';
import {
  isEmptyDirectory,
  makeNewDirectory,
  putInPlace,
  removeTree,
  writeDataFiles,
} from '../backup/data-files.js';
import { openBus, writeRegistry } from '../backup/registry.js';
import { invalid } from '../backup/tar.js';
import { Cleanup } from '../cleanup.js';
import { type Input, type Invocation, requiredWord } from '../invocation.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { logLevelOf } from '../serving.js';
import { dataDirectoryOf } from '../with-hub.js';

/** `postern restore`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env } = invocation;
  const backup = unpackBackup(await readArchive(requiredWord(invocation, 0), streams.stdin));
  const data = resolve(dataDirectoryOf(invocation));
  const aside = await asideOf(data, options.flag('force'));
  await makeDataDirectory(dirname(data));
  const work = `${data}.restore-${randomBytes(6).toString('hex')}`;
  const log = createLogger(logLevelOf(options.text('log-level')), { role: 'restore' });
  let entries: number;
  try {
    await makeNewDirectory(work);
    entries = await fill(work, backup, env, log);
    await putInPlace(work, data, aside);
  } catch (thrown) {
    await removeTree(work);
    throw thrown;
  }
  const { at, registry } = backup.manifest;
  streams.stderr.write(
    `${data} is as it was at ${at}${registry ? `, with ${entries} nodes and tokens` : ', without a registry of nodes and tokens'}\n`,
  );
  if (aside !== undefined) streams.stderr.write(`what was there before is in ${aside}\n`);
  streams.stderr.write('what was revoked after that moment is good again: revoke it anew\n');
  return 0;
}

/** The whole archive. Throws `BACKUP_UNREADABLE`, `BACKUP_INVALID`. */
async function readArchive(file: string, stdin: Input): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size > longestArchive) break;
    }
  } catch (thrown) {
    throw new PosternError('BACKUP_UNREADABLE', `cannot read ${file}: ${errorText(thrown)}`, { exitCode: 2 });
  }
  if (size > longestArchive) throw invalid('it is too long');
  return Buffer.concat(chunks);
}

/** Where what is there goes; undefined: nothing is there. Throws `DATA_IN_USE`, `DATA_NOT_EMPTY`. */
async function asideOf(data: string, force: boolean): Promise<string | undefined> {
  const running = await readHubFile(data);
  if (running !== undefined) {
    throw new PosternError('DATA_IN_USE', `a hub runs with ${data} (process ${running.pid})`, {
      hint: 'stop it first, or restore into another directory with --data DIR',
    });
  }
  if (await isEmptyDirectory(data)) return undefined;
  if (force) return `${data}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  throw new PosternError('DATA_NOT_EMPTY', `there is something in ${data} already`, {
    hint: 'restore into another directory with --data DIR, or move what is there aside with --force',
    exitCode: 2,
  });
}

/** Makes the new data directory; resolves to the number of entries of its registry. */
async function fill(work: string, backup: Backup, env: NodeJS.ProcessEnv, log: Logger): Promise<number> {
  const isRegistry = ({ name }: { name: string }): boolean => name.startsWith('registry/');
  const own = backup.files.filter((file) => !isRegistry(file));
  await writeDataFiles(work, own);
  if (!backup.manifest.registry) return 0;
  const cleanup = new Cleanup(log);
  let entries: number;
  try {
    // A port of its own: the one that was is told to the next hub, not used now.
    await rm(join(work, 'nats'), { recursive: true, force: true });
    const bus = await openBus({ data: work, urls: [], env, log, cleanup });
    entries = await writeRegistry(bus, backup.files.filter(isRegistry));
  } finally {
    await cleanup.run();
  }
  // These name the directory that is about to be renamed.
  for (const name of ['nats.conf', 'nats.pid', 'port']) await rm(join(work, 'nats', name), { force: true });
  await writeDataFiles(
    work,
    own.filter(({ name }) => name.startsWith('nats/')),
  );
  return entries;
}
