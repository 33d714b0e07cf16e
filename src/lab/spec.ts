import { z } from 'zod';

/** Most nodes that a lab may have: more need more addresses than the plan of addresses holds. */
export const mostNodes = 200;

/** Names that a lab gives to machines of its own, or that mean something else to every machine. */
const reserved: ReadonlySet<string> = new Set(['hub', 'wan', 'internet', 'localhost']);

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const labelHelp = 'must be lower-case letters, digits and hyphens, at most 63, with no hyphen at an end';
const hostName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
    'must be a host name in lower case',
  );

const port = z.int('must be a port, 1 to 65535').min(1, 'ports begin at 1').max(65_535, 'ports end at 65535');

/** A port of the NAT that is passed on to the node behind it. */
const forward = z.union(
  [
    port.transform((both) => ({ port: both, to: both, protocol: 'tcp' as const })),
    z
      .strictObject({ port, to: port.optional(), protocol: z.enum(['tcp', 'udp']).default('tcp') })
      .transform((given) => ({ ...given, to: given.to ?? given.port })),
  ],
  'must be a port, 1 to 65535, or {port: PORT, to: PORT, protocol: tcp or udp}',
);

const node = z
  .strictObject({
    /** On the WAN with an address of its own, with no NAT before it: a rendezvous point, a relay. */
    public: z.boolean().default(false),
    /** Ports of its NAT that lead to it, as an owner sets them up in a router. */
    forward: z.array(forward).max(100).default([]),
    /** So many of the kind, named NAME-1, NAME-2…; without it one, named NAME. */
    count: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(mostNodes, `must be at most ${mostNodes}`)
      .optional(),
    /** Further host names for its address. */
    names: z.array(hostName).max(20).default([]),
  })
  .superRefine(({ public: open, forward: forwards, count, names }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (open && forwards.length > 0)
      refuse(['forward'], 'a public node has no NAT: all its ports can be reached');
    if (count !== undefined && names.length > 0) refuse(['names'], 'several nodes cannot share a name');
    const ports = forwards.map((one) => `${one.protocol} ${one.port}`);
    ports.forEach((one, at) => {
      if (ports.indexOf(one) < at) refuse(['forward', at], `${one} is forwarded twice`);
    });
  });

const hub = z.strictObject({
  /** Further host names of the hub's machine, such as those in its certificate. */
  names: z.array(hostName).max(20).default([]),
});

/** What may be written in a lab's file. A value that is left out (`cellar:`) is one with all defaults. */
export const labSchema = z.strictObject({
  name: z.string().regex(label, labelHelp).optional(),
  hub: hub.nullish().transform((given) => given ?? hub.parse({})),
  nodes: z.record(
    z.string(),
    node.nullable().transform((given) => given ?? node.parse({})),
  ),
});

/** A lab as it is written; everything but the nodes may be left out. */
export type LabSpec = z.input<typeof labSchema>;

/** A lab whose defaults are filled in. */
export type CheckedLab = z.output<typeof labSchema>;

/** A mistake, and where it is. */
export interface LabMistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong with the names and the number of the nodes, whatever else may be wrong with them. */
export function nameMistakes(lab: unknown): LabMistake[] {
  const nodes = isObject(lab) && isObject(lab.nodes) ? Object.entries(lab.nodes) : undefined;
  if (nodes === undefined) return [];
  const mistakes: LabMistake[] = [];
  const seen = new Set<string>();
  let total = 0;
  for (const [key, value] of nodes) {
    const refuse = (message: string): unknown => mistakes.push({ path: ['nodes', key], message });
    if (!label.test(key)) refuse(`the name ${labelHelp}`);
    const count = isObject(value) && typeof value.count === 'number' ? value.count : undefined;
    total += count ?? 1;
    for (const name of namesOf(key, count)) {
      if (reserved.has(name)) refuse(`'${name}' is a machine that every lab has`);
      if (seen.has(name)) refuse(`there are two nodes '${name}'`);
      seen.add(name);
    }
  }
  const all = (message: string): unknown => mistakes.push({ path: ['nodes'], message });
  if (nodes.length === 0) all('a lab has at least one node');
  if (total > mostNodes) all(`${total} nodes are too many: a lab has at most ${mostNodes}`);
  return mistakes;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The nodes that one entry stands for. */
export function namesOf(key: string, count: number | undefined): string[] {
  if (count === undefined) return [key];
  return Array.from(
    { length: Math.max(0, Math.min(Math.trunc(count), mostNodes)) },
    (_, at) => `${key}-${at + 1}`,
  );
}
