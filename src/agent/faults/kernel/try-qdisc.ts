import { randomInt } from 'node:crypto';
import { errorText } from '../../../errors.js';
import type { NetTools, QdiscKind } from './abilities.js';
import { findProgram, runProgram } from './programs.js';

const trial: Readonly<Record<QdiscKind, readonly string[]>> = {
  tbf: ['tbf', 'rate', '1mbit', 'burst', '10kb', 'limit', '100kb'],
  netem: ['netem', 'delay', '1ms'],
};

/** Ways into a network of one's own, for those with the right to make one and for those without. */
const ownNetworks = [['--net'], ['--user', '--map-root-user', '--net']];
/** Kinds of interfaces that are good for nothing else. */
const idleDevices = ['ifb', 'dummy'];

/**
 * Tries a queueing discipline where it harms nobody: in a network of its own, which ends with tc; where there can be none,
 * on an interface that is made for it and that nobody uses. Resolves to why the kernel has it not; undefined: it has.
 */
export async function tryQdisc(
  { ip, tc }: NetTools,
  kind: QdiscKind,
  directories: readonly string[],
): Promise<string | undefined> {
  const add = (device: string) => ['qdisc', 'add', 'dev', device, 'root', ...trial[kind]];
  const unshare = await findProgram(directories, 'unshare');
  for (const words of unshare === undefined ? [] : ownNetworks) {
    const said = await failureOf(unshare ?? '', [...words, tc, ...add('lo')]);
    if (said === undefined) return undefined;
    if (!said.includes('unshare: ')) return lacking(kind, said);
  }
  const name = `postern${randomInt(1e7)}`;
  for (const type of idleDevices) {
    if ((await failureOf(ip, ['link', 'add', 'name', name, 'type', type])) !== undefined) continue;
    const said = await failureOf(tc, add(name));
    await failureOf(ip, ['link', 'del', 'dev', name]);
    return said === undefined ? undefined : lacking(kind, said);
  }
  return `nobody can say whether the kernel has sch_${kind}: it was tried in a network of its own and on an interface of its own, and neither can be made here`;
}

async function failureOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return runProgram(program, args).then(() => undefined, errorText);
}

function lacking(kind: QdiscKind, said: string): string {
  return `the kernel has no ${kind} for this agent (${said.replace(/^\w+ failed: (?:Error: )?|\.$/g, '')}); it needs the module sch_${kind} (modprobe sch_${kind}; Debian: linux-image, Fedora: kernel-modules-extra)`;
}
