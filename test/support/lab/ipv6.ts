import assert from 'node:assert/strict';
import { internet } from '../../../src/lab/hosts.js';
import { type LabStage, labEnv } from './stage.js';

/** All addresses that are given here: unique local ones (RFC 4193). */
const everywhere = 'fd00:b::/32';

/** Gives the machines of a lab that have public addresses such of IPv6 too; resolves to these, by the names of the machines. */
export async function layIPv6(stage: LabStage): Promise<ReadonlyMap<string, string>> {
  const env = await labEnv();
  const run = async (host: string, script: readonly string[]): Promise<void> => {
    const { code, stderr } = await stage.run(host, ['sh', '-ec', script.join('\n')], { env });
    assert.equal(code, 0, stderr);
  };
  const found = new Map<string, string>();
  const lines = ['echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'];
  for (const [at, { name, kind }] of stage.lab.hosts.entries()) {
    if (kind === 'nat') continue;
    const [there, here] = [`fd00:b:${at}::1`, `fd00:b:${at}::2`];
    lines.push(`ip addr add ${there}/64 dev line${at} nodad`);
    await run(name, [
      `ip addr add ${here}/64 dev wan nodad`,
      `ip -6 route add ${everywhere} via ${there} dev wan`,
    ]);
    found.set(name, here);
  }
  await run(internet, lines);
  return found;
}
