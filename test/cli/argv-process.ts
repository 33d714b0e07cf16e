/**
 * Runs the command in this process, again and again, with the arguments that its parent sends, and tells how each run
 * ended. Started by `fork`.
 */
import { run } from '../../src/cli/main.js';

/** How one run of the command ended. */
export interface ArgvOutcome {
  /** Exit status, or -1 when something was thrown. */
  readonly code: number;
  readonly stderr: string;
}

let stderr = '';
process.stdout.write = () => true;
process.stderr.write = (chunk: string | Uint8Array) => {
  stderr += String(chunk);
  return true;
};

async function tried(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (thrown) {
    stderr += `thrown: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`;
    return -1;
  } finally {
    process.removeAllListeners('SIGINT');
  }
}

process.on('message', (args) => {
  if (!Array.isArray(args)) return;
  stderr = '';
  void tried(args.map(String)).then((code) => process.send?.({ code, stderr } satisfies ArgvOutcome));
});
process.send?.('ready');
