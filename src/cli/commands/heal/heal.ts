import { resolve } from 'node:path';
import { healLeft } from '../../../agent/faults/heal-left.js';
import { errorText, PosternError } from '../../../errors.js';
import type { Invocation } from '../../invocation.js';
import { dataDirectoryOf, withHub } from '../../with-hub.js';
import { listNodes } from '../nodes.js';
import { healNodes } from './heal-nodes.js';
import { showHealed } from './heal-view.js';

const clearLine = '\r\u001b[K';

/** `postern heal`. */
export function run(invocation: Invocation): Promise<number> {
  const { options, words } = invocation;
  const [node] = words;
  const all = options.flag('all');
  if (node !== undefined && all) throw usage('say either NODE or --all');
  const isHere = node === undefined && !all;
  if (!isHere && options.flag('force')) {
    throw usage('--force is about this machine: say it without NODE and --all');
  }
  return isHere ? healHere(invocation) : healThere(invocation, node);
}

/** Of one node, or of all that are connected. */
function healThere(invocation: Invocation, node: string | undefined): Promise<number> {
  const { stderr } = invocation.streams;
  const tell = (text: string) => stderr.isTTY === true && stderr.write(`${clearLine}${text}`);
  return withHub(invocation, async (connection) => {
    const known = node === undefined ? await listNodes(connection, '') : [];
    const isConnected = ({ state }: { state: string }) => state.startsWith('connected');
    const nodes = node === undefined ? known.filter(isConnected).map(({ name }) => name) : [node];
    const { faults, failures } = await healNodes(connection, nodes, (asked) =>
      tell(`asked ${asked} of ${nodes.length} nodes`),
    );
    tell('');
    showHealed(invocation, faults);
    for (const failure of failures) {
      if (node !== undefined) throw failure.thrown;
      stderr.write(`${failure.node}: ${errorText(failure.thrown)}\n`);
    }
    const absent = known.filter((one) => !isConnected(one)).map(({ name }) => name);
    if (absent.length > 0) {
      stderr.write(
        `not connected, and not asked: ${absent.join(', ')} (faults end by themselves; \`postern heal\` on the machine undoes them, or says how they end)\n`,
      );
    }
    if (faults.length === 0 && failures.length === 0) stderr.write('no fault was armed or acted\n');
    return failures.length > 0 || faults.some(({ isOver }) => !isOver) ? 1 : 0;
  });
}

/** What is left on this machine, without a hub and without an agent. */
async function healHere(invocation: Invocation): Promise<number> {
  const { options, env, streams } = invocation;
  const data = resolve(dataDirectoryOf(invocation));
  const found = await healLeft({ data, node: options.text('node'), force: options.flag('force'), env }).catch(
    (thrown: unknown) => {
      if (thrown instanceof PosternError) throw thrown;
      throw new PosternError('DATA_UNUSABLE', `${data} cannot be read: ${errorText(thrown)}`, {
        hint: 'say with --data which data directory the agent has, and run it as the user that the agent runs as',
      });
    },
  );
  showHealed(
    invocation,
    found.map(({ name, ...one }) => ({ ...one, fault: name, isOver: one.became === 'undone' })),
  );
  if (found.length === 0) streams.stderr.write(`nothing is left of faults here (looked in ${data})\n`);
  if (found.some(({ became, node }) => became === 'left' && node !== '')) {
    const orForce = options.flag('force') ? '' : '; what outlives the agent, with --force too';
    streams.stderr.write(
      `what an agent does that is there ends with \`postern heal NODE\`, or when the agent is stopped${orForce}\n`,
    );
  }
  return found.every(({ became }) => became === 'undone') ? 0 : 1;
}

function usage(message: string): PosternError {
  return new PosternError('USAGE', message, { exitCode: 2 });
}
