import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Fleet } from '../../support/fleet.js';
import { checkoutRoot, eventually } from '../../support/processes.js';

/** A `postern logs --follow` that runs. */
export interface FollowedLog {
  /** Until it has printed exactly this. */
  until(text: string): Promise<void>;
  /** Ends it as Ctrl-C does; resolves to what it said on stderr. */
  stop(): Promise<string>;
}

export async function followLog(fleet: Fleet, args: readonly string[]): Promise<FollowedLog> {
  const child = spawn(join(checkoutRoot, 'bin/postern'), args, {
    env: { ...process.env, ...fleet.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return {
    until: async (text) => {
      await eventually('the log is printed', () => out === text, { everyMs: 20 }).catch(() =>
        assert.equal(out, text, err),
      );
    },
    stop: async () => {
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      return err;
    },
  };
}
