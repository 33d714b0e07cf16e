import { z } from 'zod';
import { parseByteSize } from '../../byte-size.js';
import { secondsAndOdds, shown, whole } from './quantities.js';
import { mostNodes } from './scenario.js';

/** The kinds of nodes, each a list at the top of a file. */
export const originalRoles = ['peer', 'rdvp', 'relay', 'bootstrap', 'replication'] as const;
export type OriginalRole = (typeof originalRoles)[number];
/** All keys at the top of a file. */
export const originalKeys: readonly string[] = [...originalRoles, 'settings'];

const name = z.union([z.string(), z.number()], { error: 'must be a name' }).transform(String);

/** `300B`, `4 KB`: by 1,000 each. */
const size = z
  .union([z.string(), z.number()], { error: 'must be a size such as 300B or 4KB' })
  .transform((given, context) => {
    const bytes = parseByteSize(String(given).replaceAll(' ', ''));
    if (bytes !== undefined && bytes <= 3_900_000) return bytes;
    const message =
      bytes === undefined
        ? `${shown(given)} is not a size such as 300B or 4KB`
        : 'at most 3.9 MB: a longer message fits into no gRPC message';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** It is one of the words if it holds one, in capitals too. */
const type = z.string({ error: 'must be text or media' }).transform((given, context) => {
  const low = given.toLowerCase();
  if (low.includes('text')) return 'text' as const;
  if (low.includes('media')) return 'media' as const;
  context.addIssue({ code: 'custom', message: `${shown(given)} is neither text nor media` });
  return z.NEVER;
});

export const originalTest = z.object({
  type,
  size,
  /** Seconds. */
  interval: whole(1, 86_400),
  amount: whole(1, 10_000_000),
});

export const originalConnection = z.object({
  to: name,
  protocol: z.enum(['tcp', 'udp', 'quic', 'ws'], { error: 'must be one of tcp, udp, quic, ws' }),
});

export const originalRouter = z.object({
  type: z
    .string({ error: 'must be one of rdvp, relay, bootstrap' })
    .toLowerCase()
    .pipe(z.enum(['rdvp', 'relay', 'bootstrap'], { error: 'must be one of rdvp, relay, bootstrap' })),
  /** The name of nodes of that kind, or multiaddresses with commas between them. */
  address: name,
});

/** What one item of the lists at the top says of itself; groups, connections and routers are read one by one. */
export const originalNodes = z.object({
  name,
  amount: whole(0, mostNodes),
  /** `120,10`: cut for 120 seconds, 1 in 10 times. */
  reliability: secondsAndOdds.nullish(),
});

export const originalGroup = z.object({ name });

/** The keys of each part; others were not looked at. */
export const originalPartKeys = {
  nodes: ['name', 'amount', 'reliability', 'groups', 'connections', 'routers'],
  group: ['name', 'tests'],
  test: Object.keys(originalTest.shape),
  connection: [...Object.keys(originalConnection.shape), 'name'],
  router: Object.keys(originalRouter.shape),
  settings: ['region', 'keyPairName'],
} as const;
