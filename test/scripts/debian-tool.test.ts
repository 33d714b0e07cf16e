import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { debianTool } from '../../scripts/debian-tool.js';

let dir: string;
let bin: string;
const inherited = process.env.PATH;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-tool-'));
  bin = path.join(dir, 'bin');
  await mkdir(bin);
});
after(async () => {
  process.env.PATH = inherited;
  await rm(dir, { recursive: true, force: true });
});

async function program(file: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o755);
  return file;
}

test('a program on PATH is taken, unless the Debian one is asked for', async () => {
  process.env.PATH = bin;
  const into = path.join(dir, 'both');
  const onPath = await program(path.join(bin, 'etcd'));
  const unpacked = await program(path.join(into, 'etcd-server/usr/bin/etcd'));
  assert.deepEqual(await debianTool('etcd', { into }), { path: onPath, from: 'PATH' });
  assert.deepEqual(await debianTool('etcd', { into, onPath: false }), {
    path: unpacked,
    from: 'unpacked earlier',
  });
});

test('what was unpacked earlier is taken, from usr/sbin too', async () => {
  process.env.PATH = bin;
  const into = path.join(dir, 'earlier');
  const unpacked = await program(path.join(into, 'nats-server/usr/sbin/nats-server'));
  assert.deepEqual(await debianTool('nats-server', { into }), { path: unpacked, from: 'unpacked earlier' });
});

test('where there is no apt, the error says what to install', async () => {
  process.env.PATH = bin;
  await assert.rejects(debianTool('etcdctl', { into: path.join(dir, 'none') }), {
    code: 'NO_TOOL',
    message: 'etcdctl is not on PATH, and cannot be unpacked: this system has no apt-get',
    hint: 'install etcdctl (Debian and Ubuntu: apt install etcd-client; macOS: brew install etcd) and try again',
  });
});

test('what apt says is passed on, and nothing is left behind', async () => {
  process.env.PATH = bin;
  const into = path.join(dir, 'broken');
  await writeFile(path.join(bin, 'apt-get'), '#!/bin/sh\necho "E: no such thing" >&2\nexit 100\n');
  await chmod(path.join(bin, 'apt-get'), 0o755);
  await assert.rejects(debianTool('etcdctl', { into }), {
    message: 'etcdctl is not on PATH, and cannot be unpacked: apt-get: E: no such thing',
  });
  assert.deepEqual(await readdir(into), []);
  await rm(path.join(bin, 'apt-get'));
});
