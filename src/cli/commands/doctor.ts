import { prettyJson } from '../../client/codecs/json.js';
import { connectHub } from '../../client/hub-connection.js';
import { findHub, type HubTarget } from '../../client/hub-target.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import { ContextFiles } from '../contexts/context-files.js';
import { checkMs, type Finding, type Outcome, runChecks } from '../doctor/check.js';
import { checks } from '../doctor/checks.js';
import { Subject } from '../doctor/subject.js';
import { hubChoiceOf } from '../hub-choice.js';
import type { Invocation } from '../invocation.js';
import { type Style, styleFor } from '../style.js';
import { toolsDirectory } from '../tools-directory.js';
import { connectTimeoutOf, dataDirectoryOf } from '../with-hub.js';
import { listNodes } from './nodes.js';

/** `postern doctor`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env } = invocation;
  const choosing = hubChoiceOf(invocation);
  const data = await choosing.then(
    (choice) => choice.data,
    () => dataDirectoryOf(invocation),
  );
  const subject = new Subject({
    data,
    env,
    contexts: new ContextFiles(env),
    toolsDir: toolsDirectory(data),
    findTarget: async () => findHub(await choosing),
    listNodes: (target) => nodesOf(target, Math.min(connectTimeoutOf(invocation), checkMs - 500)),
  });
  const findings = await runChecks(checks, subject);
  const failed = findings.filter(({ outcome }) => outcome === 'fail').length;
  if (options.text('output') === 'json') {
    streams.stdout.write(prettyJson(findings.map((finding) => ({ ...finding }))));
  } else {
    const style = styleFor(streams.stdout, env);
    for (const finding of findings) streams.stdout.write(findingText(style, finding));
    const warned = findings.filter(({ outcome }) => outcome === 'warn').length;
    if (failed === 0) streams.stderr.write(allWell(warned));
  }
  if (failed > 0) streams.stderr.write(`postern: ${count(failed, 'thing')} to mend\n`);
  return failed === 0 ? 0 : 1;
}

async function nodesOf(target: HubTarget, timeoutMs: number): Promise<Node[]> {
  const connection = await connectHub(target, timeoutMs);
  try {
    return await listNodes(connection, '');
  } finally {
    connection.close();
  }
}

function findingText(style: Style, { check, outcome, says, mend }: Finding): string {
  const line = `${paint(style, outcome)}  ${check.padEnd(15)}  ${says}\n`;
  return mend === undefined ? line : `${line}${' '.repeat(9)}mend: ${mend}\n`;
}

function paint(style: Style, outcome: Outcome): string {
  const padded = outcome.padEnd(7);
  if (outcome === 'ok') return style.green(padded);
  if (outcome === 'fail') return style.red(padded);
  return outcome === 'warn' ? style.yellow(padded) : style.dim(padded);
}

function allWell(warned: number): string {
  return warned === 0 ? 'all is well\n' : `all works; ${count(warned, 'thing')} to look at\n`;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
