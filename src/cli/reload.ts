import { stat } from 'node:fs/promises';
import { errorText } from '../errors.js';
import type { HubConfigInput } from '../hub/config.js';
import type { RunningHub } from '../hub/hub.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';

/** How often it is looked whether the file has changed, milliseconds. */
const usualLookEveryMs = 5_000;

/**
 * Reads the configuration of a hub anew when its file changes, or at SIGHUP (unless it runs on a terminal, whose end a
 * SIGHUP tells), each change once. What cannot be used is told in one line of the log, and changes nothing.
 */
export async function reloadOnChange(options: {
  /** The file of the configuration; undefined: only SIGHUP counts. */
  readonly file: string | undefined;
  /** Reads the whole configuration. Rejects with what is wrong with it. */
  readonly read: () => Promise<HubConfigInput>;
  readonly hub: Pick<RunningHub, 'reload'>;
  readonly log: Logger;
  readonly cleanup: Cleanup;
  /** How often it is looked whether the file has changed, milliseconds. */
  readonly lookEveryMs?: number;
}): Promise<void> {
  const { file, read, hub, log, cleanup, lookEveryMs = usualLookEveryMs } = options;
  const from = file ?? 'SIGHUP';
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
  const stampNow = (): Promise<string> => (file === undefined ? Promise.resolve('') : stampOf(file));
  let stamp = await stampNow();
  // In turn: what was read first must not be put in place last.
  let turn = Promise.resolve();
  const look = (asked: boolean): void => {
    turn = turn.then(async () => {
      const now = await stampNow();
      // A file that is being replaced may be gone for a moment.
      if (!asked && (now === stamp || now === '')) return;
      stamp = now;
      await reload();
    });
  };
  if (file !== undefined) {
    const timer = setInterval(() => look(false), lookEveryMs);
    timer.unref();
    cleanup.add('the watch over the configuration', () => clearInterval(timer));
  }
  if (process.stdin.isTTY) return;
  const hear = (): void => look(true);
  process.on('SIGHUP', hear);
  cleanup.add('SIGHUP', () => void process.off('SIGHUP', hear));
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, ino, size } = await stat(file);
    return `${mtimeMs}/${ino}/${size}`;
  } catch {
    return '';
  }
}
