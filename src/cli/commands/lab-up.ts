import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../../errors.js';
import { type Lab, layOut } from '../../lab/lab.js';
import { readLabFile } from '../../lab/spec-file.js';
import { forgetLab, keepLab, readLab } from '../../lab/state.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { labData } from '../lab/chosen-lab.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { logLevelOf, type Started, serve } from '../serving.js';

/** How often a command in the foreground looks whether its lab still lives, in milliseconds. */
const lookEveryMs = 500;

/** `postern lab up`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  if (!options.flag('foreground')) {
    const { started, release } = await up(invocation);
    release();
    const asJson = options.text('output') === 'json';
    streams.stdout.write(
      `${asJson ? JSON.stringify({ ready: true, ...started.facts }) : `postern ${started.line}`}\n`,
    );
    return 0;
  }
  return serve(invocation, logLevelOf(options.text('log-level')), async (_log, cleanup) => {
    const { started, lab, undo } = await up(invocation);
    cleanup.add('the lab', undo);
    return { ...started, ended: untilGone(lab) };
  });
}

async function up(
  invocation: Invocation,
): Promise<{ started: Started; lab: Lab; release: () => void; undo: () => Promise<void> }> {
  const begun = performance.now();
  const read = await readLabFile(requiredWord(invocation, 0));
  const name = invocation.options.text('lab') ?? read.name;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    throw new PosternError('USAGE', `--lab: '${name}' is no name: lower-case letters, digits and hyphens`, {
      exitCode: 2,
    });
  }
  const data = await makeDataDirectory(labData(invocation));
  if ((await readLab(data, name))?.alive === true) throw isUp(name);
  const { lab, release } = await layOut(read.lab, { env: invocation.env });
  const since = new Date().toISOString();
  if (!(await keepLab(data, { name, holder: lab.holder, since, lab: read.lab }))) {
    await lab.close();
    throw isUp(name);
  }
  const undo = async (): Promise<void> => {
    await lab.close();
    await forgetLab(data, name);
  };
  const ms = Math.round(performance.now() - begun);
  return { started: startedOf(name, lab, ms), lab, release, undo };
}

function startedOf(name: string, lab: Lab, ms: number): Started {
  const nodes = lab.hosts.filter((host) => host.kind === 'nat' || host.kind === 'public');
  const open = nodes.filter((host) => host.kind === 'public').length;
  const count = `${nodes.length} node${nodes.length === 1 ? '' : 's'}${open === 0 ? '' : `, ${open} of them public`}`;
  return {
    facts: {
      lab: name,
      pid: lab.holder.pid,
      rootless: lab.holder.rootless,
      ms,
      addresses: Object.fromEntries(lab.hosts.map((host) => [host.name, host.address])),
    },
    line: `lab: ${name} is up after ${ms} ms: the hub's machine ${lab.address('hub')}, wan ${lab.address('wan')}, ${count}`,
  };
}

function isUp(name: string): PosternError {
  return new PosternError('LAB_UP', `the lab '${name}' is up already`, {
    hint: `end it with \`postern lab down --lab ${name}\`, or give this one another name with --lab`,
  });
}

async function untilGone(lab: Lab): Promise<void> {
  while (await lab.alive()) await sleep(lookEveryMs);
  throw new PosternError('LAB_GONE', `the lab's process ${lab.holder.pid} has ended, and everything with it`);
}
