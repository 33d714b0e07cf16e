import { prettyJson } from '../../../client/codecs/json.js';
import { yamlDocument } from '../../../client/codecs/yaml.js';
import type { Test } from '../../../gen/postern/v1/tests.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';
import { type Style, styleFor } from '../../style.js';

/** Prints tests in the form that `--output` asks for. */
export function showTests(invocation: Invocation, tests: readonly Test[]): void {
  const { stdout } = invocation.streams;
  const format = listFormatOf(invocation);
  const whole = { tests: tests.map(json) };
  if (format === 'json') stdout.write(prettyJson(whole));
  else if (format === 'yaml') stdout.write(yamlDocument(whole));
  else stdout.write(formatList(format, testView(styleFor(stdout, invocation.env)), tests));
}

/** How tests are listed. */
export function testView(style: Style): RecordView<Test> {
  return {
    root: 'tests',
    element: 'test',
    name: ({ test }) => test,
    json,
    columns: [
      { title: 'RUN', text: ({ run }) => run },
      { title: 'TEST', text: ({ test }) => test },
      {
        title: 'STATE',
        text: ({ state }) => state,
        paint: (padded, { state }) =>
          state === 'failed' ? style.red(padded) : state === 'finished' ? style.green(padded) : padded,
      },
      { title: 'SENT', text: (test) => `${sentOf(test)}/${test.spec?.amount ?? 0}` },
      { title: 'OK', text: ({ ok }) => String(ok) },
      { title: 'FAILED', text: ({ fail }) => String(fail) },
      { title: 'UNKNOWN', text: (test) => String(unknownOf(test)) },
      { title: 'RECEIVED', text: ({ received }) => String(received) },
      { title: 'TWICE', text: ({ duplicated }) => String(duplicated) },
      { title: 'LATE', text: ({ slips }) => String(slips) },
      { title: 'STORED', text: ({ drained, recorded }) => `${drained}/${recorded}` },
      { title: 'WHY', text: ({ reason }) => reason || '-' },
    ],
  };
}

/** Messages that were given to the daemon, or were about to be. */
function sentOf({ ok, fail, info, unknown, open }: Test): number {
  return ok + fail + info + unknown + open;
}

/** Messages of which nobody can say; a test that has failed records no outcomes any more. */
function unknownOf({ info, unknown, open, state }: Test): number {
  return info + unknown + (state === 'failed' ? open : 0);
}

function json(test: Test): {
  [name: string]: string | number | { [name: string]: string | number | boolean };
} {
  const { spec, ...rest } = test;
  const { everyMessage = false, ...common } = spec ?? {};
  return { ...rest, spec: { ...common, ...(everyMessage && { everyMessage }) } };
}
