import { deadline, unary } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import { yamlDocument } from '../../client/codecs/yaml.js';
import { hubServices } from '../../client/hub-services.js';
import type { ListRoutesResponse, RouteRow } from '../../gen/postern/v1/routes.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList, type RecordView } from '../records.js';
import { type Style, styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern routes`. */
export async function run(invocation: Invocation): Promise<number> {
  const { stdout } = invocation.streams;
  const table = await withHub(invocation, (connection) =>
    unary<ListRoutesResponse>((done) =>
      hubServices(connection).routes.listRoutes({}, connection.metadata(), deadline(), done),
    ),
  );
  const format = listFormatOf(invocation);
  const rows = formatList(format, view(styleFor(stdout, invocation.env)), table.rows);
  const whole = { ...table, rows: table.rows.map((row) => ({ ...row })) };
  if (format === 'json') stdout.write(prettyJson(whole));
  else if (format === 'yaml') stdout.write(yamlDocument(whole));
  else if (format === 'table') stdout.write(`${rows}${loadedText(table)}\n`);
  else stdout.write(rows);
  return 0;
}

function view(style: Style): RecordView<RouteRow> {
  return {
    root: 'routes',
    element: 'route',
    name: (row) => row.name,
    json: (row) => ({ ...row }),
    columns: [
      { title: '#', text: (row) => String(row.number) },
      { title: 'LISTENER', text: (row) => row.listener || '*' },
      { title: 'HOST', text: (row) => row.host || '*' },
      { title: 'PATH', text: (row) => row.pathPrefix || '*' },
      { title: 'TO', text: (row) => row.to },
      { title: 'ACCESS', text: (row) => row.access },
      {
        title: 'STATE',
        text: (row) => row.state,
        paint: (padded, row) =>
          row.state === 'up' ? style.green(padded) : row.state === 'down' ? style.red(padded) : padded,
      },
      {
        title: 'CALLS',
        text: (row) => (row.open === 0 ? String(row.total) : `${row.total} (${row.open} open)`),
      },
      { title: 'NAME', text: (row) => row.name },
    ],
  };
}

function loadedText({ rows, loadedAtMs, loadedFrom }: ListRoutesResponse): string {
  const count = rows.length === 0 ? 'no rows' : rows.length === 1 ? '1 row' : `${rows.length} rows`;
  const from = loadedFrom === '' ? '' : ` from ${loadedFrom}`;
  return `${count}, read ${new Date(loadedAtMs).toISOString()}${from}`;
}
