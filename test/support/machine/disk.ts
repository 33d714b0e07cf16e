import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OtherKernel } from '../faults/other-kernel.js';
import { run } from '../processes.js';

const diskBytes = 4 * 2 ** 30;
const copyMs = 180_000;

/** Takes what a test asks for out of a directory of the machine that the test runs on, one script after the other. */
const desk = `#!/bin/bash
set -u
read -r line </proc/cmdline
dir=\${line##*desk=} at=0
dir=\${dir%% *}
mkdir -p /run/desk
mount -t hostfs none /run/desk -o "$dir"
cd /run/desk
# Something to wait at that never comes.
mkfifo /run/never
exec 9<>/run/never
touch ready
while :; do
  if [ -e $at.sh ]; then
    (cd / && exec bash /run/desk/$at.sh) >$at.out 2>$at.err </dev/null 9<&-
    echo $? >code.draft
    mv code.draft $at.code
    at=$((at + 1))
  else
    read -rt 0.1 -u 9
  fi
done
`;

const deskUnit = `[Unit]
Description=What the test asks for
[Service]
ExecStart=/bin/bash /opt/desk/desk.sh
KillMode=control-group
[Install]
WantedBy=multi-user.target
`;

/** Adds to a file system what makes it one of a machine of `Machine`: the kernel's modules, and where it takes scripts from. */
export async function fitOut(root: string, kernel: OtherKernel): Promise<void> {
  const of = (...names: string[]): string => path.join(root, ...names);
  const wants = of('etc/systemd/system/multi-user.target.wants');
  for (const made of [wants, of('opt/desk'), of('usr/lib/modules'), of('var/log/journal')]) {
    await mkdir(made, { recursive: true });
  }
  await writeFile(of('opt/desk/desk.sh'), desk);
  await writeFile(of('etc/systemd/system/desk.service'), deskUnit);
  await symlink('../desk.service', path.join(wants, 'desk.service'));
  // Nobody is there to log in; and with an id it is no first start, at which systemd would enable all that there is.
  for (const name of ['getty.target', 'console-getty.service', 'serial-getty@.service']) {
    await symlink('/dev/null', of('etc/systemd/system', name));
  }
  await writeFile(of('etc/machine-id'), '0123456789abcdef0123456789abcdef\n');
  await chmod(of('etc/machine-id'), 0o444);
  await copyTree(
    path.dirname(kernel.modules),
    of('usr/lib/modules', path.basename(path.dirname(kernel.modules))),
  );
}

/** Copies a directory, owners, modes and all. */
export async function copyTree(from: string, to: string): Promise<void> {
  await must('cp', ['-a', '--reflink=auto', from, to]);
}

/** Writes a file system into a file, with the program that the file system itself has for that. */
export async function makeDisk(root: string, file: string): Promise<void> {
  await writeFile(file, '');
  await truncate(file, diskBytes);
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const libraries = path.join(root, `usr/lib/${machine}-linux-gnu`);
  const loader = path.join(libraries, `ld-linux-${machine.replace('_', '-')}.so.2`);
  const mke2fs = ['--library-path', libraries, path.join(root, 'usr/sbin/mke2fs')];
  await must(loader, [...mke2fs, '-q', '-F', '-t', 'ext4', '-E', 'root_owner=0:0', '-d', root, file]);
}

async function must(program: string, words: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, words, { timeoutMs: copyMs });
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
