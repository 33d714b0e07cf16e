import { errorText, PosternError } from '../../errors.js';
import { JournalLimitError } from './writer.js';

/** Why a test fails whose journal cannot be written: code and message of its last record. */
export function failureOf(thrown: unknown, directory: string): { code: string; message: string } {
  if (thrown instanceof JournalLimitError) {
    return { code: 'JOURNAL_TOO_LARGE', message: `the journal in ${directory} is as large as it may be` };
  }
  if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) {
    return { code: 'DISK_FULL', message: `there is no room left on the disk of ${directory}` };
  }
  return {
    code: 'JOURNAL_UNWRITABLE',
    message: `cannot write to ${directory}: ${errorText(thrown)}`.slice(0, 512),
  };
}

/** The error of a journal that cannot be made or read. */
export function openError(thrown: unknown, directory: string): PosternError {
  if (thrown instanceof PosternError) return thrown;
  const { code, message } = failureOf(thrown, directory);
  return new PosternError(code, message, {
    hint: 'make room there, or give the agent another data directory with --data',
    cause: thrown,
  });
}

/** What a test does not do in a state in which it does not take such a record, in words. */
const refusals: Readonly<Record<string, string>> = {
  armed: 'cannot be armed',
  started: 'cannot be started',
  stopping: 'cannot be stopped',
  intent: 'sends nothing',
  finished: 'cannot finish',
};

/** The error of whoever wants of a test what it does not do in its state. */
export function stateError(state: string, kind: string): PosternError {
  return new PosternError('TEST_STATE', `a test that is ${state} ${refusals[kind] ?? `takes no '${kind}'`}`);
}
