import path from 'node:path';
import { findServerBinary, type ServerBinary } from '../../src/bus/server-binary.js';
import { createLogger } from '../../src/log.js';
import { checkoutRoot } from '../../test/support/processes.js';
import { debianTool } from '../debian-tool.js';

const log = createLogger('error');

/** The nats-server that the product itself finds, or installs into `.tools/`. */
export function productServer(): Promise<ServerBinary> {
  return findServerBinary({ toolsDir: path.join(checkoutRoot, '.tools'), log });
}

/** The nats-server of this system's Debian, unpacked into `.tools/debian`. */
export async function debianServer(): Promise<ServerBinary> {
  const tool = await debianTool('nats-server', { onPath: false });
  return findServerBinary({ toolsDir: '', log, env: { POSTERN_NATS_SERVER: tool.path } });
}
