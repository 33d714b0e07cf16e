import { errorText, PosternError } from '../../../src/errors.js';
import { openLab } from '../../../src/lab/lab.js';
import { labPath } from '../../lab-tools.js';

/** Where the fleet can be: in a lab, found with this PATH, or, and why, on this machine without networks of its own. */
export type FleetGround =
  | { readonly provider: 'lab'; readonly path: string }
  | { readonly provider: 'local'; readonly why: string };

/** Finds out by making a lab. Throws where there must be one, which is in CI, and there can be none. */
export async function findGround(env: NodeJS.ProcessEnv = process.env): Promise<FleetGround> {
  const why = await withoutLab(env);
  if (typeof why !== 'string') return { provider: 'lab', ...why };
  if (!['', '0', 'false'].includes(env.CI ?? ''))
    throw new Error(`no lab can be made, and this is CI: ${why}`);
  return { provider: 'local', why };
}

async function withoutLab(env: NodeJS.ProcessEnv): Promise<{ readonly path: string } | string> {
  if (env.DEMO_LAB === 'none') return 'DEMO_LAB says so';
  try {
    const path = await labPath();
    const lab = await openLab({ nodes: { probe: {} } }, { env: { ...env, PATH: path } });
    await lab.close();
    return { path };
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    return thrown.hint === undefined ? errorText(thrown) : `${errorText(thrown)} (${thrown.hint})`;
  }
}
