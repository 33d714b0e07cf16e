import type { OptionSpec } from '../command-spec.js';
import { headerOption } from '../common-options.js';

/** The options of commands that make a call: `postern call` and the commands of services. */
export const callOptions = [
  {
    name: 'message',
    short: 'd',
    kind: 'text',
    value: 'TEXT',
    summary:
      'the request; @ reads standard input, @FILE a file; several values one after another make a stream',
  },
  {
    name: 'request-file',
    short: 'f',
    kind: 'text',
    value: 'FILE',
    summary: 'read the request from this file, - for standard input; its ending says the codec',
    completes: 'file',
  },
  {
    name: 'codec',
    kind: 'choice',
    choices: ['json', 'yaml', 'xml'],
    summary: "codec of requests and answers (default: that of the file's ending, else json)",
  },
  headerOption,
  { name: 'max-time', kind: 'duration', summary: 'how long the call may take' },
  {
    name: 'template',
    short: 'p',
    kind: 'flag',
    aliases: ['print-sample-request'],
    summary: 'print a sample of the request instead of calling',
  },
  { name: 'emit-defaults', kind: 'flag', summary: 'show fields that hold their default too' },
  { name: 'verbose', short: 'v', kind: 'flag', summary: 'show metadata and trailers on stderr' },
] satisfies OptionSpec[];

/** The forms that answers may be printed in. */
export const answerForms: readonly string[] = ['json', 'prettyjson', 'jsonl', 'yaml', 'xml'];
