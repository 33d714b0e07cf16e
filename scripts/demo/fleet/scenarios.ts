import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot } from '../../../test/support/processes.js';
import type { FleetGround } from './ground.js';

/** The nodes that are cut off, and the one whose daemon loses messages. */
export const cutOff = ['attic', 'barn'] as const;
export const loser = 'cellar';

const source = path.join(checkoutRoot, 'examples/scenarios/parted.yaml');

/** Files of the scenario, and of the same with a daemon that loses messages. */
export interface Scenarios {
  readonly parted: string;
  readonly lossy: string;
  /** What makes each of them, as one would type it. */
  readonly made: { readonly parted: string; readonly lossy: string };
}

/** Writes them. On this machine alone no node can be cut from its peers, so this is left out there. */
export async function writeScenarios(dir: string, { provider }: FleetGround): Promise<Scenarios> {
  const text = await readFile(source, 'utf8');
  const isLab = provider === 'lab';
  const parted = isLab
    ? text
    : replaced(replaced(text, 'provider: lab', 'provider: local'), '[link, peers]', 'link');
  const misbehave = '{daemon: {misbehave: {lose: 50}}}';
  const lossy = replaced(parted, `  ${loser}:`, `  ${loser}: ${misbehave}`);
  const files = { parted: path.join(dir, 'parted.yaml'), lossy: path.join(dir, 'lossy.yaml') };
  await writeFile(files.parted, parted);
  await writeFile(files.lossy, lossy);
  const example = path.relative(checkoutRoot, source);
  return {
    ...files,
    made: {
      parted: isLab
        ? `cp ${example} .`
        : `sed 's/: lab/: local/; s/\\[link, peers\\]/link/' ${example} > parted.yaml`,
      lossy: `sed 's/ ${loser}:/& ${misbehave}/' parted.yaml > lossy.yaml`,
    },
  };
}

function replaced(text: string, what: string, by: string): string {
  if (text.split(what).length !== 2) throw new Error(`${source} does not have '${what}' once`);
  return text.replace(what, by);
}
