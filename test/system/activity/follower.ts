import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { checkoutRoot } from '../../support/processes.js';

/** An event as `postern activity -o jsonl` prints it. */
export const printedEvent = z.looseObject({
  time: z.string(),
  type: z.string(),
  cursor: z.string(),
  message: z.string(),
  callId: z.string().optional(),
  traceId: z.string().optional(),
  lostFromMs: z.number().default(0),
  lostToMs: z.number().default(0),
});
export type PrintedEvent = z.infer<typeof printedEvent>;

/** The events in what the command printed. */
export function printedEvents(text: string): PrintedEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => printedEvent.parse(JSON.parse(line)));
}

/** `postern activity --follow` as a process: what it has printed so far. */
export function follower(env: NodeJS.ProcessEnv, args: readonly string[]) {
  const events: PrintedEvent[] = [];
  const child = spawn(path.join(checkoutRoot, 'bin/postern'), ['activity', '-f', '-o', 'jsonl', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => events.push(...printedEvents(line)));
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    events,
    stderr: () => stderr,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
