import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What nobody may read, whatever place of logs it lies in: the agent's data directory, and files that were named as secret. */
export class Forbidden {
  readonly #paths: readonly string[];

  /** `paths`: directories, with all that is in them, and files; they need not be there. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Whether this real path is one of them or lies in one, under this name or another that it was mounted at. */
  async covers(real: string): Promise<boolean> {
    const hidden = await this.identities();
    for (let at = real; ; at = dirname(at)) {
      const is = await identity(at);
      // what cannot be looked at may be anything
      if (is === undefined || hidden.includes(is)) return true;
      if (at === dirname(at)) return false;
    }
  }

  /** What `identityOf` tells of each. */
  async identities(): Promise<string[]> {
    const found = await Promise.all(
      this.#paths.map((path) => realpath(path).then(identity, () => undefined)),
    );
    return found.filter((one) => one !== undefined);
  }
}

/** The secrets in a data directory, and whatever else was named. */
export function forbiddenIn(data: string, files: readonly (string | undefined)[]): Forbidden {
  return new Forbidden([data, join(data, 'agent'), ...files.filter((file) => file !== undefined)]);
}

async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : identityOf(found);
}

/** What tells a file from all others, whatever it is called. */
export function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

/** As `stat`, without following a link; undefined: there is nothing. */
export function seen(path: string) {
  return lstat(path).catch(() => undefined);
}
