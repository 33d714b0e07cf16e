import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { debianRoot } from '../../scripts/debian-root.js';
import { findOnPath } from '../../scripts/debian-tool.js';
import type { OtherKernel } from '../support/faults/other-kernel.js';
import { copyTree, fitOut, makeDisk } from '../support/machine/disk.js';
import { checkoutRoot, compiledRoot, type Finished, run } from '../support/processes.js';
import { unitsDir } from './units.js';

const provision = path.join(checkoutRoot, 'deploy/packer/provision');
const npmMs = 300_000;

/** Where the image has what Packer would upload, and the scripts. */
export const uploaded = '/opt/postern-image';

/** Settings that differ from those that we give to begin with: file, what is there, what takes its place. */
export type Changes = readonly (readonly [file: string, from: string, to: string])[];

/**
 * Makes the disk of a machine as Packer would, up to the last script, `services.sh`, which wants a systemd: Debian with the packages
 * that `packages.sh` names, and what `node.sh` and `postern.sh` install. Resolves to its path. Throws what apt, npm or a script says.
 */
export async function makeImage(dir: string, kernel: OtherKernel, changes: Changes): Promise<string> {
  const root = path.join(dir, 'root');
  await copyTree(await debianRoot([...(await packagesOf()), 'e2fsprogs', 'iproute2']), root);
  const from = path.join(dir, 'from');
  await layOut(dir, from, changes);
  const sum = createHash('sha256')
    .update(await readFile(path.join(from, 'node.tar')))
    .digest('hex');
  const env = {
    ...{ DESTDIR: root, FROM: from, NODE_SHA256: sum },
    npm_config_cache: path.join(checkoutRoot, '.tools/npm-cache'),
    // It runs what it has installed.
    POSTERN_DIST: undefined,
  };
  for (const name of ['node.sh', 'postern.sh']) {
    must(await run('bash', [path.join(provision, name)], { env, timeoutMs: npmMs }), name);
  }
  await copyTree(from, path.join(root, uploaded));
  await copyTree(provision, path.join(root, uploaded));
  for (const name of ['node.tar', 'postern.tgz']) await rm(path.join(root, uploaded, name));
  await fitOut(root, kernel);
  const disk = path.join(dir, 'disk');
  await makeDisk(root, disk);
  await rm(root, { recursive: true });
  return disk;
}

/** All packages that `packages.sh` may install, which wants the network for it. */
async function packagesOf(): Promise<string[]> {
  const text = await readFile(path.join(provision, 'packages.sh'), 'utf8');
  const named = [...text.matchAll(/packages\+?=\(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(' '));
  assert.ok(
    named.includes('nats-server') && named.includes('nftables'),
    'packages.sh is read as it is written',
  );
  return named;
}

/** What Packer uploads: Node.js, Postern, units and configuration. */
async function layOut(dir: string, from: string, changes: Changes): Promise<void> {
  await mkdir(from);
  await packNode(path.join(dir, 'node-dist'), path.join(from, 'node.tar'));
  await packPostern(path.join(dir, 'package'), path.join(from, 'postern.tgz'));
  await writeFile(path.join(from, 'berty'), '');
  await cp(unitsDir, path.join(from, 'systemd'), { recursive: true });
  await cp(path.join(unitsDir, 'config'), path.join(from, 'config'), { recursive: true });
  for (const [name, there, instead] of changes) {
    const file = path.join(from, 'config', name);
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes(there), `${name} holds ${there}`);
    await writeFile(file, text.replace(there, instead));
  }
}

/** A distribution of this machine's Node.js. */
async function packNode(dist: string, file: string): Promise<void> {
  const npm = await findOnPath('npm');
  assert.ok(npm, 'npm is on PATH');
  await mkdir(path.join(dist, 'bin'), { recursive: true });
  await mkdir(path.join(dist, 'lib/node_modules'), { recursive: true });
  await cp(await realpath(process.execPath), path.join(dist, 'bin/node'));
  const npmDir = path.resolve(path.dirname(await realpath(npm)), '..');
  await cp(npmDir, path.join(dist, 'lib/node_modules/npm'), { recursive: true, dereference: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(dist, 'bin/npm'));
  const words = ['-cf', file, '-C', path.dirname(dist), path.basename(dist)];
  must(await run('tar', words, { timeoutMs: npmMs }), 'tar');
  await rm(dist, { recursive: true });
}

/** What `npm pack` makes of the build that is tested. */
async function packPostern(copy: string, file: string): Promise<void> {
  await mkdir(path.join(copy, 'dist'), { recursive: true });
  for (const name of ['bin', 'package.json', 'proto', 'schemas', 'docs', 'README.md', 'LICENSE']) {
    await cp(path.join(checkoutRoot, name), path.join(copy, name), { recursive: true });
  }
  for (const name of ['src', 'machines']) {
    await cp(path.join(compiledRoot, name), path.join(copy, 'dist', name), { recursive: true });
  }
  const packed = await run('npm', ['pack', copy, '--json', '--pack-destination', path.dirname(file)], {
    env: { npm_config_cache: path.join(checkoutRoot, '.tools/npm-cache') },
    timeoutMs: npmMs,
  });
  must(packed, 'npm pack');
  const [{ filename }]: [{ filename: string }] = JSON.parse(packed.stdout);
  await rename(path.join(path.dirname(file), filename), file);
  await rm(copy, { recursive: true });
}

function must({ code, stdout, stderr }: Finished, what: string): void {
  if (code !== 0) throw new Error(`${what}: ${code}\n${stdout}\n${stderr}`);
}
