import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { python } from '../../scripts/clients/python.js';
import { cargo } from '../../scripts/clients/rust.js';
import { without } from '../../scripts/toolchain.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-toolchain-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** A directory with a command that does what the script says. */
async function fake(name: string, command: string, script: string): Promise<string> {
  const bin = path.join(dir, name);
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, command), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin, command), 0o755);
  return bin;
}

const inPath = (...directories: string[]) => ({ env: { PATH: directories.join(':') }, standard: [] });

test('without a toolchain the error says what to install, and tests say why they are skipped', async () => {
  await assert.rejects(cargo({ ...inPath(dir), standard: ['/nowhere'] }), {
    code: 'NO_TOOLCHAIN',
    message: 'no usable Rust: there is no cargo on PATH or in /nowhere',
    hint: 'install Rust 1.85 or newer (https://rustup.rs; Debian 12: apt install cargo-web) and try again',
  });
  const why = await without(() => cargo(inPath(dir)), {});
  assert.equal(
    why,
    `no usable Rust: there is no cargo on PATH; install Rust 1.85 or newer (https://rustup.rs; Debian 12: apt install cargo-web) and try again`,
  );
});

test('in CI nothing is skipped for want of a toolchain', async () => {
  assert.equal(await without(() => cargo(inPath(dir)), { CI: 'true' }), false);
  assert.notEqual(await without(() => cargo(inPath(dir)), { CI: '0' }), false);
});

test('a toolchain that is new enough is taken before one that is not, wherever it stands', async () => {
  const old = await fake('old', 'cargo', 'echo cargo 1.84.9');
  const newer = await fake('newer', 'cargo', 'echo "cargo 1.85.0 (d73d2caf9 2024-12-31)"');
  const found = { command: path.join(newer, 'cargo'), version: '1.85.0' };
  assert.deepEqual(await cargo(inPath(old, newer)), found);
  assert.deepEqual(await cargo({ ...inPath(old), standard: [newer] }), found);
});

test('toolchains that are too old are named', async () => {
  const old = await fake('older', 'cargo', 'echo cargo 0.66.0');
  await assert.rejects(cargo(inPath(old)), { message: `no usable Rust: ${old}/cargo is Rust 0.66.0` });
});

test('a Python that can make no environments is none', async () => {
  const bare = await fake('bare', 'python3', 'echo "No module named ensurepip" >&2; exit 1');
  await assert.rejects(python(inPath(bare)), { message: 'no usable Python: there is no python3 on PATH' });
  const whole = await fake('whole', 'python3', 'echo "Python 3.10.0 (main)"');
  assert.equal((await python(inPath(bare, whole))).version, '3.10.0');
});
