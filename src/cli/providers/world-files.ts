import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataDirectory } from '../make-data-directory.js';

/** Where the files of a world are. */
export interface WorldFiles {
  readonly directory: string;
  /** Output of all that is started. */
  readonly logs: string;
  /** Data directory of the hub. */
  readonly hub: string;
  /** Directory of a node. */
  node(name: string): string;
}

/** Makes them, in a directory below that of temporary files where none is named. Throws `DATA_UNUSABLE`. */
export async function makeWorldFiles(named: string | undefined, env: NodeJS.ProcessEnv): Promise<WorldFiles> {
  const directory = await realpath(
    named === undefined
      ? await mkdtemp(join(env.TMPDIR || tmpdir(), 'postern-run-'))
      : await makeDataDirectory(named),
  );
  return {
    directory,
    logs: await makeDataDirectory(join(directory, 'logs')),
    hub: join(directory, 'hub'),
    node: (name) => join(directory, 'nodes', name),
  };
}
