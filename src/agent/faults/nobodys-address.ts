import { BlockList, isIPv6 } from 'node:net';

/** What no single machine has (RFC 6890): any, this network, groups, what is reserved, and broadcast. */
const nobodys = new BlockList();
nobodys.addSubnet('0.0.0.0', 8, 'ipv4');
nobodys.addSubnet('224.0.0.0', 3, 'ipv4');
nobodys.addAddress('::', 'ipv6');
nobodys.addSubnet('ff00::', 8, 'ipv6');

/** An IPv4 address that is shown in IPv6, with digits of IPv6: nobody would compare it with others. */
const mappedOddly = /^::ffff:[0-9a-f]+:[0-9a-f]+$/i;

/** Whether an IP address is none at which another machine can be found. */
export function isNobodys(address: string): boolean {
  return mappedOddly.test(address) || nobodys.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
