import { readFile } from 'node:fs/promises';
import { Metadata } from '@grpc/grpc-js';
import { errorText, PosternError } from '../errors.js';

/**
 * Call metadata from lines `name: value`; `@FILE` stands for the lines of a file (blank ones and `#…` are left out).
 * Values of names that end in `-bin` are base64. Throws `METADATA_INVALID` (exit status 2).
 */
export async function parseMetadata(lines: readonly string[]): Promise<Metadata> {
  const metadata = new Metadata();
  for (const line of lines) {
    if (line.startsWith('@')) {
      for (const inner of await linesOf(line.slice(1))) addLine(metadata, inner);
    } else addLine(metadata, line);
  }
  return metadata;
}

/** The entries as people write them, `-bin` values in base64. */
export function metadataLines(metadata: Metadata): string[] {
  return Object.keys(metadata.getMap()).flatMap((name) =>
    metadata
      .get(name)
      .map((value) => `${name}: ${typeof value === 'string' ? value : value.toString('base64')}`),
  );
}

function addLine(metadata: Metadata, line: string): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (name === '') throw invalid(line, 'it is not of the form name: value');
  if (name.startsWith('grpc-')) throw invalid(line, "names that start with 'grpc-' are gRPC's own");
  try {
    metadata.add(name, name.endsWith('-bin') ? decodeBase64(value) : value);
  } catch (thrown) {
    throw invalid(line, errorText(thrown));
  }
}

function decodeBase64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new Error('the value of a -bin name must be base64');
  return Buffer.from(text, 'base64');
}

async function linesOf(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, 'utf8');
    return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  } catch (thrown) {
    throw new PosternError('METADATA_INVALID', `cannot read -H @${file}: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
}

/** Only the name is told: the value may be a secret. */
function invalid(line: string, why: string): PosternError {
  const name = line.slice(0, Math.max(line.indexOf(':'), 0)) || line.slice(0, 20);
  return new PosternError('METADATA_INVALID', `-H '${name}…' is not metadata: ${why}`, {
    hint: "write -H 'name: value', or -H @FILE with one such line each",
    exitCode: 2,
  });
}
