/**
 * The code in docs/clients.md is that of the examples: behind a comment with the name of a file comes the file.
 *
 * As a program: `node dist/scripts/clients/doc.js` writes it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';

const page = path.join(checkoutRoot, 'docs/clients.md');
const block = /^<!-- (clients\/examples\/\S+) -->\n```(\w+)\n(?:[^`]|`(?!``))*?```$/gm;

/** The page as it is, and as it has to be. */
export async function clientsDoc(): Promise<{ is: string; shall: string; files: readonly string[] }> {
  const is = await readFile(page, 'utf8');
  const code = new Map<string, string>();
  for (const [, file = ''] of is.matchAll(block)) {
    code.set(file, await readFile(path.join(checkoutRoot, file), 'utf8'));
  }
  const shall = is.replace(
    block,
    (_, file: string, language: string) => `<!-- ${file} -->\n\`\`\`${language}\n${code.get(file)}\`\`\``,
  );
  return { is, shall, files: [...code.keys()] };
}

if (import.meta.filename === process.argv[1]) await writeFile(page, (await clientsDoc()).shall);
