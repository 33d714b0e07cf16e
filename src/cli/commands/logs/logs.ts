import { messagesOf } from '../../../client/call-failed.js';
import { prettyJson } from '../../../client/codecs/json.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { PosternError } from '../../../errors.js';
import { type ReadLogResponse, ReadLogResponse_Event } from '../../../gen/postern/v1/logs.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { logClients } from '../../logs/clients.js';
import { listLogs, logFileView } from '../../logs/list-logs.js';
import { logPrinter } from '../../logs/log-printer.js';
import { uploadLogs } from '../../logs/upload-logs.js';
import { formatList } from '../../records.js';
import { lookOn } from '../../redial.js';
import { withHub } from '../../with-hub.js';

/** A file that is not followed has to go on within this time, milliseconds. */
const silentMs = 20_000;

/** `postern logs`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, words } = invocation;
  const node = requiredWord(invocation, 0);
  const [, file] = words;
  const target = options.text('upload');
  const follow = options.flag('follow');
  const tail = tailOf(options.text('tail'));
  if (target !== undefined) {
    if (file !== undefined || follow || tail !== undefined)
      throw usage('--upload is of all log files of a node: leave FILE, --follow and --tail out');
    return uploadLogs(invocation, node, target);
  }
  if (file !== undefined) return show(invocation, node, file, { follow, tail });
  const { files, leftOut } = await withHub(invocation, (connection) => listLogs(connection, node));
  const [only] = files;
  if (files.length === 1 && only !== undefined && listFormatOf(invocation) === 'table')
    return show(invocation, node, only.path, { follow, tail });
  if (follow || tail !== undefined) {
    throw usage(
      `node '${node}' has ${files.length} log files: name one`,
      `see them with \`postern logs ${node}\``,
    );
  }
  const { stdout, stderr } = invocation.streams;
  const format = listFormatOf(invocation);
  if (format === 'table' && files.length === 0) stderr.write(`node '${node}' has no log files\n`);
  else if (format === 'json') stdout.write(prettyJson({ files: files.map(logFileView.json), leftOut }));
  else stdout.write(formatList(format, logFileView, files));
  if (leftOut > 0 && format === 'table')
    stderr.write(`postern: ${leftOut} more are not shown: see docs/logs.md\n`);
  return 0;
}

/** Prints one file, from its end where that is wanted, and what is written later. */
function show(
  invocation: Invocation,
  node: string,
  path: string,
  { follow, tail }: { follow: boolean; tail: number | undefined },
): Promise<number> {
  const print = logPrinter(invocation, path, listFormatOf(invocation) !== 'table');
  // where to go on at another connection
  let next: number | undefined;
  const read = async (connection: HubConnection, answered: () => void): Promise<number> => {
    const begin =
      next === undefined ? { offset: 0, tailLines: tail } : { offset: next, tailLines: undefined };
    const stream = logClients(connection).logs.readLog({ path, follow, ...begin }, connection.metadata(node));
    let isSilent = false;
    const listen = () =>
      setTimeout(() => {
        isSilent = true;
        stream.cancel();
      }, silentMs);
    let silence = follow ? undefined : listen();
    try {
      for await (const piece of messagesOf<ReadLogResponse>(stream)) {
        clearTimeout(silence);
        answered();
        await print(piece);
        const isAnew = piece.event !== ReadLogResponse_Event.EVENT_UNSPECIFIED;
        next = isAnew ? 0 : piece.offset + piece.data.length;
        if (!follow) silence = listen();
      }
    } catch (thrown) {
      if (!isSilent) throw thrown;
      const hint = `ask again; see how the node is with \`postern nodes ${node}\``;
      throw new PosternError('NO_ANSWER', `node '${node}' told nothing of ${path} for 20 s`, { hint });
    } finally {
      clearTimeout(silence);
      stream.cancel();
    }
    return 0;
  };
  return follow ? lookOn(invocation, read) : withHub(invocation, (connection) => read(connection, () => {}));
}

function tailOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(`--tail '${text}' is no number of lines`);
}

function usage(message: string, hint?: string): PosternError {
  return new PosternError('OPTION_INVALID', message, { exitCode: 2, ...(hint !== undefined && { hint }) });
}
