import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findHub } from '../../client/hub-target.js';
import { makePrivateDirectory, readPrivateFile, replacePrivateFile } from '../../private-file.js';
import { hubChoiceOf } from '../hub-choice.js';
import type { Invocation } from '../invocation.js';

/** So long what was looked up counts, in milliseconds. */
const freshMs = 5_000;

/** So long a shell waits, in milliseconds. */
const longestMs = 2_000;

/** Names of nodes, services, methods and actors. bash expands the words that it is given: one with `$(…)` in it would be run. */
const plainWord = /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/;

const cache = z.record(z.string(), z.object({ atMs: z.number(), words: z.array(z.string()) }));

/**
 * Prints words that a shell may offer, one a line: those that `look` finds, or found a moment ago for the same hub,
 * token and `what`; what is no plain word is left out, whoever tells it. Nothing when it fails or takes too long: a
 * message would land in the middle of the line that is being typed.
 */
export async function printLive(
  invocation: Invocation,
  what: readonly string[],
  look: (deadlineMs: number) => Promise<readonly string[]>,
): Promise<number> {
  try {
    const words = await Promise.race([recall(invocation, what, look), tooLate()]);
    for (const word of words) {
      if (plainWord.test(word)) invocation.streams.stdout.write(`${word}\n`);
    }
  } catch {
    // Nothing to offer.
  }
  return 0;
}

function tooLate(): Promise<readonly string[]> {
  return new Promise((resolve) => {
    setTimeout(() => resolve([]), longestMs).unref();
  });
}

async function recall(
  invocation: Invocation,
  what: readonly string[],
  look: (deadlineMs: number) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const { address, token } = await findHub(await hubChoiceOf(invocation));
  // The token is in it, since it decides what may be seen, and cannot be read out of it.
  const key = createHash('sha256')
    .update(JSON.stringify([address, token, what]))
    .digest('base64url');
  const file = join(cacheDirectory(invocation.env), 'completion.json');
  const fresh = Object.entries(await readCache(file)).filter(([, { atMs }]) => isFresh(atMs));
  const known = fresh.find(([name]) => name === key);
  if (known !== undefined) return known[1].words;
  // That nothing could be had is kept too, so that not every key has to wait.
  const words = await look(Date.now() + longestMs).catch(() => []);
  const kept = Object.fromEntries([...fresh, [key, { atMs: Date.now(), words }]]);
  await keep(file, JSON.stringify(kept)).catch(() => {});
  return words;
}

function isFresh(atMs: number): boolean {
  const age = Date.now() - atMs;
  return age >= 0 && age < freshMs;
}

async function keep(file: string, text: string): Promise<void> {
  await makePrivateDirectory(join(file, '..'));
  await replacePrivateFile(file, text);
}

async function readCache(file: string): Promise<z.infer<typeof cache>> {
  try {
    const parsed = cache.safeParse(JSON.parse((await readPrivateFile(file)) ?? '{}'));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const set = env.XDG_CACHE_HOME;
  // The XDG rules say to ignore a relative path.
  return set?.startsWith('/') ? join(set, 'postern') : join(env.HOME ?? homedir(), '.cache/postern');
}
