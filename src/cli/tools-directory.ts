import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-info.js';

/** Where tools are installed: in a checkout for all that runs there, else in the data directory. */
export function toolsDirectory(data: string): string {
  const root = packageRoot();
  return existsSync(join(root, 'Makefile')) ? join(root, '.tools') : join(data, 'tools');
}
