import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package, found from the compiled file that runs. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (nameAndVersion(directory) !== undefined) return directory;
    const parent = dirname(directory);
    if (parent === directory) throw new Error('this file is not inside the package postern');
    directory = parent;
  }
}

/** Version of Postern. */
export function posternVersion(): string {
  return nameAndVersion(packageRoot()) ?? '0.0.0';
}

/** The version, when the package in this directory is ours. */
function nameAndVersion(directory: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, 'package.json'), 'utf8');
  } catch {
    return undefined;
  }
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  if (!('name' in parsed) || parsed.name !== 'postern') return undefined;
  return 'version' in parsed && typeof parsed.version === 'string' ? parsed.version : undefined;
}
