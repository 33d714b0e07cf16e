import { messagesOf } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { PosternError } from '../../errors.js';
import type { UploadLogsResponse } from '../../gen/postern/v1/logs.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { withHub } from '../with-hub.js';
import { logClients } from './clients.js';
import { sizeText } from './list-logs.js';

/** Puts a terminal's cursor at the beginning of its line, and clears it. */
const clearLine = '\r\u001b[K';

/** Has the node bring its log files to the hub, and prints where they are. `target` is `FOLDER/NAME`. */
export async function uploadLogs(invocation: Invocation, node: string, target: string): Promise<number> {
  const [folder = '', name = node, ...more] = target.split('/');
  if (folder === '' || name === '' || more.length > 0) {
    throw new PosternError('OPTION_INVALID', `--upload '${target}' is not FOLDER or FOLDER/NAME`, {
      exitCode: 2,
    });
  }
  const { stdout, stderr } = invocation.streams;
  const tell = (text: string) => stderr.isTTY === true && stderr.write(`${clearLine}${text}`);
  const done = await withHub(invocation, async (connection) => {
    const { logs } = logClients(connection);
    const stream = logs.uploadLogs({ folder, name }, connection.metadata(node));
    try {
      for await (const progress of messagesOf<UploadLogsResponse>(stream)) {
        if (progress.done)
          return { ...progress, links: progress.links.map((link) => whole(connection, link)) };
        tell(progressText(progress, Number('columns' in stderr ? stderr.columns : 80)));
      }
    } finally {
      stream.cancel();
      tell('');
    }
    throw new PosternError('UPLOAD_UNFINISHED', 'the node did not say that all files are there', {
      hint: 'run it once more: it goes on where it stopped',
    });
  });
  const { count, links } = done;
  if (listFormatOf(invocation) !== 'table') stdout.write(prettyJson({ count, links }));
  else {
    stdout.write(links.map((link) => `${link}\n`).join(''));
    stderr.write(`postern: ${count} files are at the hub\n`);
  }
  return 0;
}

function progressText({ path, sent, size, count, files }: UploadLogsResponse, columns: number): string {
  const plain = path.replaceAll(/\p{Cc}/gu, '?');
  return `${count}/${files}  ${sizeText(sent)} of ${sizeText(size)}  ${plain}`.slice(
    0,
    Math.max(20, columns - 1),
  );
}

/** A path at the hub as a URL, where the hub is known by an address. */
function whole({ target }: HubConnection, link: string): string {
  if (!link.startsWith('/') || target.address.startsWith('unix:')) return link;
  return `${target.tls === undefined ? 'http' : 'https'}://${target.address}${link}`;
}
