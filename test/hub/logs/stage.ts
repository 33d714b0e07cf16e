import { createHash, randomBytes } from 'node:crypto';
import { type AskHub, type Source, sourceOfBytes } from '../../../src/agent/logs/upload-file.js';
import type { Bus } from '../../../src/bus/bus.js';
import type { LogAnswer, LogPart } from '../../../src/bus/log-messages.js';
import type { Shelf } from '../../../src/bus/shelf.js';
import type { AwayStore } from '../../../src/hub/logs/away.js';
import { type LogsConfig, logsConfig } from '../../../src/hub/logs/config.js';
import { UploadDesk } from '../../../src/hub/logs/desk.js';
import { Finisher } from '../../../src/hub/logs/finisher.js';
import { Ledger } from '../../../src/hub/logs/ledger.js';
import { Sweeper } from '../../../src/hub/logs/sweeper.js';
import { testLog } from '../../support/nats.js';

/** What a hub does with files, without its front door. */
export interface Desk {
  readonly desk: UploadDesk;
  readonly shelf: Shelf;
  readonly ledger: Ledger;
  readonly sweeper: Sweeper;
  stop(): void;
}

export async function deskOf(bus: Bus, limits: Partial<LogsConfig> = {}, away?: AwayStore): Promise<Desk> {
  const config = { ...logsConfig.parse({}), ...limits };
  const shelf = bus.shelf();
  const ledger = new Ledger(shelf, config);
  await ledger.ready;
  const finisher = new Finisher({ shelf, away, log: testLog });
  const link = (key: string) => away?.link(key) ?? `/logs/${key}`;
  const keepMs = config.keepSeconds * 1000;
  const sweeper = new Sweeper({ shelf, ledger, away, keepMs, log: testLog });
  return {
    desk: new UploadDesk({ shelf, ledger, finisher, link }),
    shelf,
    ledger,
    sweeper,
    stop() {
      ledger.stop();
      sweeper.stop();
    },
  };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that cannot be compressed, in memory. */
export function noise(size: number): { bytes: Buffer; source: Source } {
  const bytes = randomBytes(size);
  return { bytes, source: sourceOfBytes(bytes) };
}

/** Asks a desk as an agent's messages would, with its errors as a hub tells them. */
export function askerOf(
  { desk }: Pick<Desk, 'desk'>,
  place: { readonly folder: string; readonly name: string; readonly file: string },
  node = 'n1',
): AskHub {
  const codes: Readonly<Record<string, Extract<LogAnswer, { ok: false }>['code']>> = {
    STORE_FULL: 'full',
    UPLOAD_REFUSED: 'refused',
    UPLOAD_CHANGED: 'changed',
  };
  return async (step) => {
    const part: LogPart = { v: 1, ...place, ...step };
    try {
      return await desk.take(node, part);
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? codes[String(thrown.code)] : undefined;
      if (code === undefined) throw thrown;
      return { ok: false, code, message: String(thrown) };
    }
  };
}

/** All bytes of a file on the shelf. */
export async function readAll({ shelf, ledger }: Desk, key: string, from = 0): Promise<Buffer> {
  const entry = ledger.readable(key);
  if (entry === undefined) throw new Error(`there is no ${key}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of shelf.read(entry.id, from, entry.size)) pieces.push(piece);
  return Buffer.concat(pieces);
}
