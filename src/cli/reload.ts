import { stat } from 'node:fs/promises';
import { errorText } from '../errors.js';
import type { HubConfigInput } from '../hub/config.js';
import type { RunningHub } from '../hub/hub.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';
import type { HangUps } from './hang-ups.js';

/** How often it is looked whether the file has changed, milliseconds. */
const usualLookEveryMs = 5_000;

/** Reading anew that takes so long is told, milliseconds. */
const usualLongMs = 10_000;

/** The file of a configuration, and what tells it from a later one. */
export interface SeenFile {
  readonly name: string;
  readonly stamp: string;
}

/** The file as it is now: to be asked before it is read for the first time, so that no change is missed. */
export async function seenFile(name: string | undefined): Promise<SeenFile | undefined> {
  return name === undefined ? undefined : { name, stamp: await stampOf(name) };
}

/**
 * Reads the configuration of a hub anew when its file changes, or at SIGHUP, each change once and one at a time. What
 * cannot be used is told in one line of the log, and changes nothing.
 */
export function reloadOnChange(options: {
  /** The file of the configuration, as it was before it was read; undefined: only SIGHUP counts. */
  readonly file: SeenFile | undefined;
  /** Reads the whole configuration. Rejects with what is wrong with it. */
  readonly read: () => Promise<HubConfigInput>;
  readonly hub: Pick<RunningHub, 'reload'>;
  readonly hangUps: HangUps | undefined;
  readonly log: Logger;
  readonly cleanup: Cleanup;
  /** How often it is looked whether the file has changed, milliseconds. */
  readonly lookEveryMs?: number;
  /** Reading anew that takes so long is told, milliseconds. */
  readonly longMs?: number;
}): void {
  const { file, read, hub, hangUps, log, cleanup } = options;
  const { lookEveryMs = usualLookEveryMs, longMs = usualLongMs } = options;
  const from = file?.name ?? 'SIGHUP';
  const reload = async (): Promise<void> => {
    try {
      const { waiting } = await hub.reload(await read());
      if (waiting.length > 0) {
        log.warn({ from, settings: waiting }, 'changed settings that count when the hub is started anew');
      }
    } catch (thrown) {
      log.error(
        { from, err: errorText(thrown) },
        'the changed configuration cannot be used: the old one goes on',
      );
    }
  };
  let stamp = file?.stamp ?? '';
  let asked = false;
  let looking = false;
  let slow: NodeJS.Timeout | undefined;
  // One at a time: what was read first must not be put in place last.
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    slow = setTimeout(() => {
      log.warn({ from }, 'reading the configuration anew takes long: later changes wait for it');
    }, longMs);
    do {
      const told = asked;
      asked = false;
      const now = file === undefined ? '' : await stampOf(file.name);
      // A file that is being replaced may be gone for a moment.
      if (!told && (now === stamp || now === '')) continue;
      stamp = now;
      await reload();
    } while (asked);
    clearTimeout(slow);
    looking = false;
  };
  const timer = file === undefined ? undefined : setInterval(() => void look(), lookEveryMs).unref();
  hangUps?.takenBy(() => {
    asked = true;
    void look();
  });
  cleanup.add('the watch over the configuration', () => {
    clearInterval(timer);
    clearTimeout(slow);
    hangUps?.takenBy(() => {});
    asked = false;
  });
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, ino, size } = await stat(file);
    return `${mtimeMs}/${ino}/${size}`;
  } catch {
    return '';
  }
}
