import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/**
 * The file of a program, as execvp(3) finds it: a name with a slash stands for itself, another one is looked up in
 * PATH. Undefined when there is none that may be executed.
 */
export function findProgram(name: string, directory: string, path: string): string | undefined {
  const candidates = name.includes('/')
    ? [resolve(directory, name)]
    : path.split(delimiter).map((one) => join(resolve(directory, one), name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
