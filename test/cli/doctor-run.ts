import assert from 'node:assert/strict';
import path from 'node:path';
import { ContextFiles } from '../../src/cli/contexts/context-files.js';
import type { Finding } from '../../src/cli/doctor/check.js';
import { runChecks } from '../../src/cli/doctor/check.js';
import { checks } from '../../src/cli/doctor/checks.js';
import { Subject } from '../../src/cli/doctor/subject.js';
import { defaultDataDirectory } from '../../src/client/data-directory.js';
import { findHub } from '../../src/client/hub-target.js';
import { checkoutRoot, run } from '../support/processes.js';
import { postern } from './postern.js';

/** What `postern doctor` found, by the name of the check. */
export interface Diagnosis {
  readonly output: string;
  of(check: string): Finding;
  /** Names of the checks that failed. */
  readonly failed: string[];
}

/** An address where nothing listens. */
export const nobody = '127.0.0.1:1';

/** Runs the real `postern doctor`. */
export async function doctor(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Diagnosis> {
  const { code, stdout, stderr } = await postern(['doctor', '-o', 'json', ...args], { env });
  const findings: Finding[] = JSON.parse(stdout === '' ? '[]' : stdout);
  const diagnosis = diagnosisOf(findings, stdout + stderr);
  assert.equal(code, diagnosis.failed.length === 0 ? 0 : 1, stderr);
  return diagnosis;
}

/**
 * Runs all checks in this process, for a user with these variables, who has no hub; faster than the whole command. The
 * default address is left alone: somebody may have a hub there.
 */
export async function look(
  env: NodeJS.ProcessEnv,
  toolsDir = path.join(checkoutRoot, '.tools'),
): Promise<Diagnosis> {
  const data = defaultDataDirectory(env);
  const findings = await runChecks(
    checks,
    new Subject({
      data,
      env,
      contexts: new ContextFiles(env),
      toolsDir,
      findTarget: () => findHub({ hub: nobody, token: undefined, tokenFile: undefined, data }),
      listNodes: () => Promise.reject(new Error('no hub is asked here')),
    }),
  );
  return diagnosisOf(findings, JSON.stringify(findings));
}

function diagnosisOf(findings: readonly Finding[], output: string): Diagnosis {
  for (const { check, outcome, mend } of findings) {
    assert.equal(mend !== undefined && mend !== '', outcome === 'warn' || outcome === 'fail', check);
  }
  return {
    output,
    of(check) {
      const found = findings.find((finding) => finding.check === check);
      assert.ok(found, `${check}: ${output}`);
      return found;
    },
    failed: findings.filter(({ outcome }) => outcome === 'fail').map(({ check }) => check),
  };
}

/** Does what the first command line in a mend line says. */
export async function follow(finding: Finding): Promise<void> {
  const command = /`([^`]+)`/.exec(finding.mend ?? '')?.[1];
  assert.ok(command, `no command in: ${finding.mend}`);
  const { code, stderr } = await run('bash', ['-c', command]);
  assert.equal(code, 0, `${command}: ${stderr}`);
}
