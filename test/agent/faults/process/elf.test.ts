import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProgram } from '../../../../src/agent/faults/process/elf.js';

const linux = process.platform === 'linux' ? false : 'programs of other systems have other heads';

/** A program's head with one segment of a type that holds this text. */
function program(wide: boolean, big: boolean, type: number, text: string): Buffer {
  const [head, size] = wide ? [64, 56] : [52, 32];
  const bytes = Buffer.alloc(head + size + text.length);
  const put = (at: number, length: number, value: number) => {
    if (length === 8 && big) bytes.writeBigUInt64BE(BigInt(value), at);
    else if (length === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else if (big) bytes.writeUIntBE(value, at, length);
    else bytes.writeUIntLE(value, at, length);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1]);
  put(18, 2, 0x28);
  put(wide ? 32 : 28, wide ? 8 : 4, head);
  put(wide ? 54 : 42, 2, size);
  put(wide ? 56 : 44, 2, 1);
  put(head, 4, type);
  put(head + (wide ? 8 : 4), wide ? 8 : 4, head + size);
  put(head + (wide ? 32 : 16), wide ? 8 : 4, text.length);
  bytes.write(text, head + size, 'latin1');
  return bytes;
}

test('the head of a program tells who loads its libraries, and whether Go has made it', {
  skip: linux,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-elf-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'program');
  const read = async (bytes: Buffer | string) => {
    await writeFile(file, bytes);
    return readProgram(file);
  };
  const node = await readProgram(process.execPath);
  assert.match(node?.loader ?? '', /^\/.*ld/);
  assert.equal(node?.isGo, false);
  const ofGo = '\x04\0\0\0\x04\0\0\0\x04\0\0\0Go\0\0abcd';
  for (const wide of [true, false]) {
    for (const big of [true, false]) {
      const facts = { bits: wide ? 64 : 32, machine: 0x28 };
      assert.deepEqual(await read(program(wide, big, 3, '/lib/ld.so\0')), {
        ...facts,
        loader: '/lib/ld.so',
        isGo: false,
      });
      assert.deepEqual(await read(program(wide, big, 4, ofGo)), { ...facts, loader: undefined, isGo: true });
      assert.equal((await read(program(wide, big, 4, ofGo.replace('Go', 'GN'))))?.isGo, false);
    }
  }
  assert.equal(await read('#!/bin/sh\n'), undefined);
  assert.equal(
    await read(program(true, false, 3, 'x').subarray(0, 60)).then((facts) => facts?.loader),
    undefined,
  );
});
