import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import * as schemas from '../../../src/bus/messages.js';
import { parseJson } from '../../../src/bus/messaging.js';
import { parseSubject } from '../../../src/bus/subject-pattern.js';
import { subjects } from '../../../src/bus/subjects.js';
import { hubFile, readHubFile } from '../../../src/client/hub-file.js';
import type { Corpus, FuzzTarget } from '../target.js';

const answers = [schemas.helloAnswer, schemas.keptAnswer, schemas.nodeEntry, schemas.tokenEntry];

/** JSON on the bus, behind its subject: what a schema takes, it takes again as it was written. */
export function busJson(corpus: Corpus): FuzzTarget {
  return {
    seeds: corpus.json,
    feed(input) {
      const end = input.indexOf('\n');
      const subject = input.subarray(0, Math.max(end, 0)).toString('utf8');
      const value = parseJson(input.subarray(end + 1));
      for (const declaration of Object.values(subjects)) {
        const fits = parseSubject(declaration, subject) !== undefined;
        if (fits && declaration.body !== 'frames') takesAgain(declaration.body, value);
      }
      if (!subject.startsWith('postern.')) for (const schema of answers) takesAgain(schema, value);
    },
  };
}

function takesAgain(schema: z.ZodType, value: unknown): void {
  const first = schema.safeParse(value);
  if (!first.success) return;
  const written = JSON.stringify(first.data);
  const second = schema.safeParse(parseJson(Buffer.from(written)));
  assert.ok(second.success, 'it is not taken again');
  assert.equal(JSON.stringify(second.data), written);
}

/** The file in which a hub tells about itself. */
export async function hubFiles(corpus: Corpus): Promise<FuzzTarget> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-fuzz-'));
  let inputs: Buffer[] = [];
  return {
    seeds: corpus.hubFiles,
    batch: 64,
    feed(input) {
      inputs.push(input);
    },
    async settle() {
      const waiting = inputs;
      inputs = [];
      await Promise.all(waiting.map((input, index) => readBack(join(dir, String(index)), input)));
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

async function readBack(dir: string, input: Buffer): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'hub.json'), input);
  const read = await readHubFile(dir);
  if (read !== undefined) assert.ok(hubFile.safeParse(read).success);
}
