import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { status } from '@grpc/grpc-js';
import { DaemonProcess, eventId, textOf } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';

/** What a client of a daemon that is killed was told. */
export interface Told {
  group: Buffer | undefined;
  /** Id of each message that was acknowledged, by its text. */
  readonly acknowledged: Map<string, string>;
  /** Messages whose fate is not known. */
  readonly unknown: Set<string>;
}

/** Makes a group where there is none, and sends messages one after the other and at once, until the daemon is gone. */
export async function work(daemon: DaemonProcess, told: Told, name: string, messages: number): Promise<void> {
  try {
    told.group ??= await daemon.createGroup();
  } catch {
    return;
  }
  const group = told.group;
  const say = async (text: string): Promise<void> => {
    told.unknown.add(text);
    told.acknowledged.set(text, await daemon.say(group, text));
    told.unknown.delete(text);
  };
  try {
    for (let n = 0; n < messages; n++) await Promise.all([say(`${name} ${n} a`), say(`${name} ${n} b`)]);
  } catch (thrown) {
    assert.ok(
      thrown instanceof Error && 'code' in thrown && thrown.code === status.UNAVAILABLE,
      String(thrown),
    );
  }
}

/** Compares what a daemon has with what its client was told: all that was acknowledged once, and nothing unheard of. */
export async function compare(daemon: DaemonProcess, told: Told): Promise<void> {
  if (told.group === undefined) return;
  const events = await daemon.messages(told.group);
  const stored = new Map(events.map((event) => [eventId(event), textOf(event)]));
  assert.equal(stored.size, events.length, 'each once');
  for (const [text, id] of told.acknowledged) assert.equal(stored.get(id), text, `lost: ${text}`);
  const known = new Set([...told.acknowledged.keys(), ...told.unknown]);
  for (const text of stored.values()) assert.ok(known.has(text), `never sent: ${text}`);
}

/**
 * Starts a daemon that kills itself as `misbehave` says, until it lives through the work; each time what it has is
 * compared with what was told. Gives how often it was killed.
 */
export async function killAndCompare(data: string, misbehave: string, seed = '0'): Promise<number> {
  const told: Told = { group: undefined, acknowledged: new Map(), unknown: new Set() };
  for (let kills = 0; ; kills++) {
    assert.ok(kills < 100, 'it never comes through');
    let daemon: DaemonProcess;
    try {
      daemon = await DaemonProcess.start(data, ['--misbehave', misbehave, '--seed', seed]);
    } catch (thrown) {
      // Killed before it was ready; nobody was told anything meanwhile.
      assert.match(String(thrown), /ended with SIGKILL before it was ready/);
      continue;
    }
    await compare(daemon, told);
    const unknownBefore = told.unknown.size;
    await work(daemon, told, `run ${kills}`, 4);
    const killed = daemon.process.exited;
    if (told.unknown.size > unknownBefore || told.group === undefined) {
      assert.equal(await killed, 'SIGKILL');
      for (const client of [daemon.protocol, daemon.messenger, daemon.admin]) client.close();
      continue;
    }
    await compare(daemon, told);
    assert.equal(await daemon.stop(), 0);
    return kills;
  }
}

/** The lines of a daemon's file of what it did wrong. */
export async function truthOf(
  data: string,
): Promise<{ misdeed: string; n: number; id?: string; again?: string; after?: string }[]> {
  const text = await readFile(path.join(data, 'daemon/truth.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Waits until a daemon holds so many messages. */
export async function hasMessages(daemon: DaemonProcess, group: Uint8Array, count: number): Promise<void> {
  await eventually(`${count} messages`, async () => (await daemon.messages(group)).length >= count);
}
