import { type CheckedLab, namesOf } from './spec.js';

/** A port of a NAT that leads to what is behind it. */
export interface Forward {
  readonly port: number;
  readonly to: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A machine of the lab that programs run on. */
export interface LabHost {
  readonly name: string;
  /** `hub` and `wan` are there in every lab; a node is behind a NAT of its own, or public. */
  readonly kind: 'hub' | 'wan' | 'nat' | 'public';
  /** Where others find it: its own address, or that of its NAT. */
  readonly address: string;
  /** The address on its own interface; behind a NAT the same in every house. */
  readonly inside: string;
  readonly forwards: readonly Forward[];
  /** Every name it has, its own first. */
  readonly names: readonly string[];
}

/** The machine that a hub runs on. The network is that of RFC 5737, TEST-NET-3. */
export const hubAddress = '203.0.113.1';
/** The machine on the WAN for whoever calls. The network is that of RFC 2544, for benchmarks. */
const wanAddress = '198.18.0.1';
/** The internet's own end of every line, of the addresses between providers and homes (RFC 6598). */
export const providerAddress = '100.64.0.1';
/** Behind every NAT: the router, and the node. */
export const homeRouter = '192.168.1.1';
export const homeAddress = '192.168.1.2';

/** The namespace that all lines meet in; programs can run there too, to look at what passes. */
export const internet = 'internet';

/** The machines of a lab, always in the same order and with the same addresses for the same lab. */
export function hostsOf(lab: CheckedLab): LabHost[] {
  const hub: LabHost = fixed('hub', hubAddress, lab.hub.names);
  const wan: LabHost = fixed('wan', wanAddress, []);
  const nodes = Object.entries(lab.nodes).flatMap(([key, node]) =>
    namesOf(key, node.count).map((name) => ({ name, node })),
  );
  return [
    hub,
    wan,
    ...nodes.map(({ name, node }, at): LabHost => {
      // 198.18.0.10 and on: below .255 with as many nodes as there may be.
      const address = `198.18.0.${10 + at}`;
      return {
        name,
        kind: node.public ? 'public' : 'nat',
        address,
        inside: node.public ? address : homeAddress,
        forwards: node.forward,
        names: [name, ...node.names],
      };
    }),
  ];
}

function fixed(name: 'hub' | 'wan', address: string, names: readonly string[]): LabHost {
  return { name, kind: name, address, inside: address, forwards: [], names: [name, ...names] };
}

/** /etc/hosts as one machine sees it: all others at the addresses where they can be found. */
export function hostsFile(self: LabHost | undefined, hosts: readonly LabHost[]): string {
  const lines = hosts.map((host) => {
    const address = host === self ? host.inside : host.address;
    return `${address} ${host.names.join(' ')}`;
  });
  return ['127.0.0.1 localhost', '::1 localhost ip6-localhost', ...lines, ''].join('\n');
}
