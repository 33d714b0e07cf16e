import type { Logger } from '../../log.js';
import { invitedGroup } from '../adapters/berty/berty-adapter.js';
import type { LogUploads } from '../logs/uploads.js';
import type { OwnService } from '../own-services.js';
import type { Rehearsal } from '../rehearsal.js';
import { acquaintance } from './acquaintance.js';
import { InfraBook, withoutRound } from './book.js';
import type { InfraConfig } from './config.js';
import { infraServices } from './facade.js';
import { InfraGroups } from './groups.js';
import { listenInfra } from './listener.js';
import { InfraReceiving } from './receiving.js';
import { GroupReplication } from './replication.js';
import { InfraTests } from './tests.js';
import { uploadPart } from './upload.js';

/** What controllers of before call, as a part of the agent. */
export interface Infra {
  /** For callers of the hub. */
  readonly services: readonly OwnService[];
  /** Where it listens, `HOST:PORT`; undefined: nowhere. */
  readonly address: string | undefined;
  close(): Promise<void>;
}

/** What it needs. */
export interface InfraOptions {
  /** Its own directory. */
  readonly directory: string;
  /** Closed where this fails. */
  readonly rehearsal: Pick<Rehearsal, 'work' | 'daemon' | 'parts' | 'rounds' | 'close'>;
  readonly uploads: LogUploads | undefined;
  /** Token servers that `AddReplication` may name beside those at their usual places: `HOST:PORT`. */
  readonly tokenServers: readonly string[];
  /** Undefined: it listens nowhere. */
  readonly listen: InfraConfig | undefined;
  readonly log: Logger;
}

/** Serves controllers of before. Throws as `listenInfra`, and `DATA_UNUSABLE`. */
export async function openInfra(options: InfraOptions): Promise<Infra> {
  try {
    return await open(options);
  } catch (thrown) {
    await options.rehearsal.close();
    throw thrown;
  }
}

async function open(options: InfraOptions): Promise<Infra> {
  const { directory, rehearsal, uploads, tokenServers, listen, log } = options;
  const { work, daemon, rounds } = rehearsal;
  const book = await InfraBook.open(directory, log);
  rounds.onForget((round) => book.change(round.group, (page) => withoutRound(page, round)));
  const tests = new InfraTests(work, book, rounds);
  const receiving = new InfraReceiving(work, book);
  const acquaint = acquaintance(daemon, log);
  const groups = new InfraGroups({
    work,
    book,
    invited: invitedGroup,
    acquaint,
    isBusy: (group, signal) => tests.isBusy(group, signal),
    left: (group, signal) => receiving.stop(group, signal),
    log,
  });
  const replication = new GroupReplication({ daemon, allowed: tokenServers, log });
  const upload = uploads && uploadPart(uploads);
  const parts = { ...rehearsal.parts, upload, replication };
  const services = infraServices({ groups, tests, receiving, acquaint, parts, log });
  const listener = listen && (await listenInfra(listen, services, log));
  return {
    services,
    address: listener?.address,
    close: () => listener?.close() ?? Promise.resolve(),
  };
}
