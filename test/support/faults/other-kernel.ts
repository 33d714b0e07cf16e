import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianFiles } from '../../../scripts/debian-tool.js';
import { labPath } from '../../../scripts/lab-tools.js';
import { errorText } from '../../../src/errors.js';
import { compiledRoot, run } from '../processes.js';
import type { Exhibit, Exhibited } from './exhibit.js';

/** A kernel that runs as a program (user-mode Linux), with modules that the one of this machine may not have. */
export interface OtherKernel {
  readonly program: string;
  readonly modules: string;
  readonly busybox: string;
}

/** Fetches it from Debian, or says why there is none. */
export async function otherKernel(): Promise<OtherKernel | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'user-mode Linux is there for x86-64 alone';
  try {
    const [kernel, busybox] = await Promise.all([
      debianFiles('user-mode-linux'),
      debianFiles('busybox-static'),
    ]);
    const versions = join(kernel, 'usr/lib/uml/modules');
    const [version = ''] = await readdir(versions);
    return {
      program: join(kernel, 'usr/bin/linux.uml'),
      modules: join(versions, version, 'kernel'),
      busybox: join(busybox, 'bin/busybox'),
    };
  } catch (thrown) {
    return errorText(thrown);
  }
}

/** Machines beyond the one line of that kernel's machine. */
export const beyond = {
  hub: { host: '203.0.113.1', port: 4000 },
  peer: { host: '198.18.0.11', port: 4000 },
};

/**
 * Makes faults under the other kernel, one after the other, and gives what became of each. Its file system is the one of
 * this machine, read only; a network of two machines is inside it.
 */
export async function actUnder(
  kernel: OtherKernel,
  exhibits: readonly Exhibit[],
  timeoutMs: number,
): Promise<Exhibited[]> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-kernel-'));
  try {
    for (const [at, exhibit] of exhibits.entries()) {
      await writeFile(join(dir, `${at}.json`), JSON.stringify(exhibit));
    }
    await writeFile(join(dir, 'init'), await initScript(kernel, dir, exhibits.length), { mode: 0o755 });
    const words = ['mem=1G', 'root=/dev/root', 'rootfstype=hostfs', 'hostfs=/', 'ro', `init=${dir}/init`];
    const said = await run(kernel.program, [...words, 'con=null', 'con0=null,fd:1', 'quiet'], { timeoutMs });
    return await Promise.all(
      exhibits.map(async (_, at) => {
        const text = await readFile(join(dir, `${at}.out`), 'utf8').catch(() => '');
        if (!text.startsWith('{')) {
          const errors = await readFile(join(dir, `${at}.err`), 'utf8').catch(() => '');
          throw new Error(`nothing came of it under the other kernel: ${errors}\n${said.stdout}`);
        }
        const exhibited: Exhibited = JSON.parse(text);
        return exhibited;
      }),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function initScript({ modules, busybox }: OtherKernel, dir: string, exhibits: number): Promise<string> {
  const talk = join(compiledRoot, 'test/support/lab/talk.js');
  const acting = join(compiledRoot, 'test/support/faults/acting.js');
  const node = process.execPath;
  const { hub, peer } = beyond;
  return `#!/bin/sh
export PATH='${await labPath()}' TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mount -t hostfs none /mnt -o '${dir}'
for module in net/sched/sch_netem net/sched/sch_tbf drivers/net/veth; do
  '${busybox}' insmod '${modules}'/$module.ko
done
ip link set dev lo up
ip netns add far
ip link add name wan type veth peer name line netns far
ip addr add 198.18.0.10/32 dev wan
ip link set dev wan up
ip route add 100.64.0.1 dev wan
ip route add default via 100.64.0.1 dev wan
ip -n far link set dev lo up
for address in 100.64.0.1 ${hub.host} ${peer.host}; do ip -n far addr add $address/32 dev line; done
ip -n far link set dev line up
ip -n far route add 198.18.0.10 dev line
ip netns exec far '${node}' '${talk}' echo ${peer.port} > /run/echo &
until '${busybox}' grep -q ready /run/echo; do '${busybox}' sleep 0.2; done
for at in ${[...Array(exhibits).keys()].join(' ')}; do
  '${node}' '${acting}' < /mnt/$at.json > /mnt/$at.out 2> /mnt/$at.err
done
'${busybox}' poweroff -f
`;
}
