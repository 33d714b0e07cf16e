import { cutTable } from './cut-table.js';
import { homeAddress, homeRouter, hostsFile, internet, type LabHost, providerAddress } from './hosts.js';
import type { LabTools } from './tools.js';

/**
 * The script that lays out a lab, to be run by `sh -s` inside its holder's namespaces.
 *
 * The holder's own network namespace is the internet: a router with one line to each machine that has a public address,
 * which are the hub's, the WAN's, the public nodes and the NATs. It throws away what is addressed to nobody. Each NAT is
 * a namespace too, with its node behind it.
 */
export function layoutScript(hosts: readonly LabHost[], tools: LabTools): string {
  return [
    'set -e',
    'forward() { echo 1 > /proc/sys/net/ipv4/ip_forward; }',
    ...hosts.map((host) => file(`/run/lab/hosts/${host.name}`, hostsFile(host, hosts))),
    file(`/run/lab/hosts/${internet}`, hostsFile(undefined, hosts)),
    'forward',
    batch(`'${tools.ip}' -batch -`, internetLines(hosts)),
    batch(`'${tools.nft}' -f -`, [cutTable]),
    ...hosts.flatMap((host, at) =>
      host.kind === 'nat' ? homeSteps(host, at, tools) : publicSteps(host, at, tools),
    ),
    '',
  ].join('\n');
}

/** The namespace of the NAT before a node. A dot is in no node's name. */
export function routerOf(host: LabHost): string {
  return `${host.name}.nat`;
}

/** Name of the interface at the internet's end of a line. */
const lineTo = (at: number): string => `line${at}`;

function internetLines(hosts: readonly LabHost[]): string[] {
  return [
    'link set lo up',
    'route add blackhole default',
    ...hosts.flatMap((host, at) => {
      const outer = host.kind === 'nat' ? routerOf(host) : host.name;
      return [
        `netns add ${host.name}`,
        ...(host.kind === 'nat' ? [`netns add ${outer}`] : []),
        `link add ${lineTo(at)} type veth peer name wan netns ${outer}`,
        `addr add ${providerAddress}/32 dev ${lineTo(at)}`,
        `link set ${lineTo(at)} up`,
        `route add ${host.address}/32 dev ${lineTo(at)}`,
        ...(host.kind === 'nat'
          ? [`link add lan netns ${outer} type veth peer name eth0 netns ${host.name}`]
          : []),
      ];
    }),
  ];
}

/** The end of a line at a machine that has a public address. */
const outerEnd = (address: string): string[] => [
  'link set lo up',
  `addr add ${address}/32 dev wan`,
  'link set wan up',
  `route add ${providerAddress} dev wan`,
  `route add default via ${providerAddress}`,
];

function publicSteps({ name, address }: LabHost, _at: number, { ip }: LabTools): string[] {
  return [batch(`'${ip}' -n ${name} -batch -`, outerEnd(address))];
}

function homeSteps(host: LabHost, _at: number, { ip, nft, nsenter, sh }: LabTools): string[] {
  const router = routerOf(host);
  const inner = [
    'forward() { echo 1 > /proc/sys/net/ipv4/ip_forward; }',
    'forward',
    batch(
      `'${ip}' -batch -`,
      [...outerEnd(host.address), `addr add ${homeRouter}/24 dev lan`, 'link set lan up'],
      'IP',
    ),
    batch(`'${nft}' -f -`, [natTable(host)], 'NFT'),
  ];
  return [
    batch(`'${nsenter}' --net=/run/netns/${router} -- '${sh}' -es`, inner, 'HOME'),
    batch(`'${ip}' -n ${host.name} -batch -`, [
      'link set lo up',
      `addr add ${homeAddress}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${homeRouter}`,
    ]),
  ];
}

/**
 * What a home router does: whatever comes from outside and belongs to nothing that went out is dropped without a word,
 * but for the ports that lead in; what goes out gets the router's address.
 */
function natTable({ forwards }: LabHost): string {
  const leads = forwards.map(
    ({ protocol, port, to }) => `    iifname "wan" ${protocol} dport ${port} dnat to ${homeAddress}:${to}`,
  );
  return `table ip nat {
  chain leads_in {
    type nat hook prerouting priority dstnat; policy accept;
${leads.join('\n')}
  }
  chain goes_out {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" masquerade
  }
}
table ip guard {
  chain passing {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan" accept
    ct status dnat accept
  }
  chain to_router {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "lan" accept
    iif "lo" accept
  }
}`;
}

function file(path: string, text: string): string {
  return batch(`cat > ${path}`, [text.trimEnd()], 'FILE');
}

/** A command that reads lines. Nothing in them may be the end mark: they hold names and addresses alone. */
function batch(command: string, lines: readonly string[], end = 'END'): string {
  return `${command} <<'${end}'\n${lines.join('\n')}\n${end}`;
}
