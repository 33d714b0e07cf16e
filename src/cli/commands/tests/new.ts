import { readFile } from 'node:fs/promises';
import { byteSizeHelp, parseByteSize } from '../../../byte-size.js';
import { errorText, PosternError } from '../../../errors.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { byHand, NodeTestsClient } from './node-tests.js';
import { showTests } from './test-view.js';

/** `postern test new`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const [node, test] = [requiredWord(invocation, 0), requiredWord(invocation, 1)];
  const text = options.text('request') ?? '{}';
  const spec = {
    type: options.text('workload') ?? 'text',
    group: options.text('group') ?? '',
    size: sizeOf(options.text('size') ?? '1KB'),
    intervalMs: options.durationMs('interval') ?? 0,
    amount: amountOf(options.text('amount') ?? ''),
    method: options.text('rpc') ?? '',
    requestJson: text.startsWith('@') ? await requestIn(text.slice(1)) : text,
  };
  if (spec.type !== 'call' && spec.group === '') {
    throw missing(`a test of ${spec.type} needs --group`, 'make one with `postern test group NODE…`');
  }
  if (spec.type === 'call' && spec.method === '') {
    throw missing('a test of call needs --rpc', 'write --rpc package.Service/Method');
  }
  const request = {
    run: options.text('run') ?? '',
    test,
    spec,
    settleMs: options.durationMs('settle') ?? 0,
    ...byHand,
  };
  const made = await withHub(invocation, (connection) =>
    new NodeTestsClient(connection).ask(node, (client) => client.createTest, request),
  );
  showTests(invocation, made.test === undefined ? [] : [made.test]);
  return 0;
}

function missing(what: string, hint: string): PosternError {
  return new PosternError('OPTION_MISSING', what, { hint, exitCode: 2 });
}

async function requestIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new PosternError('MESSAGE_UNREADABLE', `cannot read --request @${file}: ${errorText(thrown)}`, {
      exitCode: 2,
      cause: thrown,
    });
  }
}

function sizeOf(text: string): number {
  const size = parseByteSize(text);
  if (size !== undefined) return size;
  throw new PosternError('OPTION_INVALID', `--size '${text}' is no size: write ${byteSizeHelp}`, {
    exitCode: 2,
  });
}

function amountOf(text: string): number {
  if (/^[1-9][0-9]{0,7}$/.test(text)) return Number(text);
  throw new PosternError('OPTION_INVALID', `--amount '${text}' is no number of messages`, { exitCode: 2 });
}
