import { stat } from 'node:fs/promises';
import { errorText, PosternError } from '../../errors.js';
import { hasErrorCode } from '../../private-file.js';
import { type Check, type Found, fail, ok, quoted, skipped, warn } from './check.js';
import type { Subject } from './subject.js';

/** Whether every context can be used, and none shows its token to others. */
export const contextsCheck: Check = {
  name: 'contexts',
  async run(subject) {
    const { contexts } = subject;
    const names = await contexts.names();
    const chosen = await contexts.chosen();
    if (chosen !== undefined && !names.includes(chosen)) {
      return fail(
        `the chosen context '${chosen}' is not there`,
        'choose another with `postern context use NAME`, or none: `postern context use --none`',
      );
    }
    if (names.length === 0) return skipped('there is none');
    for (const name of names) {
      const wrong = await problemOf(subject, name);
      if (wrong !== undefined) return wrong;
    }
    const mode = (await stat(contexts.directory)).mode & 0o077;
    if (mode !== 0) {
      return warn(
        `other users of this machine can look into ${contexts.directory}`,
        `\`chmod 700 ${quoted(contexts.directory)}\``,
      );
    }
    return ok(`${names.length}, ${chosen === undefined ? 'none is chosen' : `${chosen} is chosen`}`);
  },
};

async function problemOf({ contexts }: Subject, name: string): Promise<Found | undefined> {
  try {
    const { tokenFile, hubCa } = await contexts.read(name);
    for (const file of [tokenFile, hubCa]) if (file !== undefined) await stat(file);
    return undefined;
  } catch (thrown) {
    const path = contexts.pathOf(name);
    if (thrown instanceof PosternError && thrown.code === 'CONTEXT_EXPOSED') {
      return fail(
        thrown.message,
        `\`chmod 600 ${quoted(path)}\`, and revoke its token if somebody may have read it`,
      );
    }
    const gone = hasErrorCode(thrown, 'ENOENT');
    return fail(
      `context '${name}': ${errorText(thrown)}`,
      gone
        ? `put the file back, or make the context anew: \`postern context add ${name} --force …\``
        : `mend it, or remove it: \`rm ${quoted(path)}\``,
    );
  }
}
