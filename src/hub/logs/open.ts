import type { CallerVerifier } from '../../auth/caller-verifier.js';
import type { Bus } from '../../bus/bus.js';
import type { ShelfEntry } from '../../bus/shelf.js';
import type { Logger } from '../../log.js';
import type { OwnService } from '../../own-service.js';
import { covers } from '../covered.js';
import type { Authentication } from '../door/authentication.js';
import type { Nodes } from '../nodes.js';
import type { Undo } from '../undo.js';
import type { LogsConfig } from './config.js';
import { UploadDesk } from './desk.js';
import { doorPath, UploadsDoor } from './door.js';
import { Finisher } from './finisher.js';
import { keyPath } from './keys.js';
import { Ledger } from './ledger.js';
import { bytesOf } from './reading.js';
import { uploadsService } from './service.js';
import { Sweeper } from './sweeper.js';
import { UploadTaker } from './taker.js';

/** The files that agents bring, as a part of the hub. */
export interface Uploads {
  readonly service: OwnService;
  readonly door: UploadsDoor;
}

/** Takes files from now on. */
export async function openUploads(
  config: LogsConfig,
  deps: {
    readonly bus: Pick<Bus, 'respond' | 'shelf'>;
    readonly authentication: Authentication;
    readonly verifier: Pick<CallerVerifier, 'ended'>;
    readonly nodes: Pick<Nodes, 'view'>;
    readonly log: Logger;
  },
  undo: Undo,
): Promise<Uploads> {
  const { bus, authentication, verifier, nodes, log } = deps;
  const away = config.s3 === undefined ? undefined : await (await import('./s3.js')).s3Store(config.s3);
  undo.add(() => away?.stop());
  const shelf = bus.shelf();
  const ledger = new Ledger(shelf, config);
  undo.add(() => ledger.stop());
  const link = (key: string, { state }: ShelfEntry): string =>
    state === 'away' && away !== undefined
      ? away.link(key)
      : `${config.url?.replace(/\/$/, '') ?? ''}${doorPath}${keyPath(key)}`;
  const finisher = new Finisher({ shelf, away, log });
  const desk = new UploadDesk({ shelf, ledger, finisher, link });
  const taker = new UploadTaker({ bus, desk, log });
  undo.add(() => taker.stop());
  const keepMs = config.keepSeconds * 1000;
  const sweeper = new Sweeper({ shelf, ledger, away, keepMs, log });
  undo.add(() => sweeper.stop());
  const read = (key: string, entry: ShelfEntry, from: number) => bytesOf({ shelf, away }, key, entry, from);
  return {
    service: uploadsService({ ledger, link, read, log }),
    door: new UploadsDoor({
      authentication,
      covers: (identity, node) => covers(identity, node, nodes),
      ended: (identity) => verifier.ended(identity) !== undefined,
      find: (key) => ledger.readable(key),
      read,
      log,
    }),
  };
}
