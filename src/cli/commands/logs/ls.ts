import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { listUploads, uploadView } from '../../logs/list-logs.js';
import { formatList } from '../../records.js';
import { withHub } from '../../with-hub.js';

/** `postern logs ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const [folder = ''] = invocation.words;
  const { stdout, stderr } = invocation.streams;
  const files = await withHub(invocation, (connection) => listUploads(connection, folder));
  const format = listFormatOf(invocation);
  if (format === 'table' && files.length === 0) stderr.write('no node has brought log files\n');
  else stdout.write(formatList(format, uploadView, files));
  return 0;
}
