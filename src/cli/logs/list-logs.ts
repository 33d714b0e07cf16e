import { deadline, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import type { ListLogsResponse, LogFile, Upload } from '../../gen/postern/v1/logs.js';
import type { RecordView } from '../records.js';
import { logClients } from './clients.js';

/** The log files of a node. Rejects with `CallFailed`. */
export function listLogs(connection: HubConnection, node: string): Promise<ListLogsResponse> {
  const { logs } = logClients(connection);
  return unary((done) => logs.listLogs({}, connection.metadata(node), deadline(), done));
}

/** The files that nodes have brought, of one folder or of all. Rejects with `CallFailed`. */
export async function listUploads(connection: HubConnection, folder: string): Promise<Upload[]> {
  const { uploads } = logClients(connection);
  const asked = unary<{ files: Upload[] }>((done) =>
    uploads.listUploads({ folder }, connection.metadata(), deadline(), done),
  );
  return (await asked).files;
}

export const logFileView: RecordView<LogFile> = {
  root: 'logs',
  element: 'log',
  columns: [
    { title: 'FILE', text: ({ path }) => path },
    { title: 'SIZE', text: ({ size }) => sizeText(size) },
    { title: 'WRITTEN', text: ({ modifiedMs }) => timeText(modifiedMs) },
  ],
  name: ({ path }) => path,
  json: ({ path, size, modifiedMs }) => ({ path, size, modified: new Date(modifiedMs).toISOString() }),
};

export const uploadView: RecordView<Upload> = {
  root: 'uploads',
  element: 'upload',
  columns: [
    { title: 'KEY', text: ({ key }) => key },
    { title: 'NODE', text: ({ node }) => node },
    { title: 'SIZE', text: ({ size }) => sizeText(size) },
    { title: 'SINCE', text: ({ atMs }) => timeText(atMs) },
  ],
  name: ({ key }) => key,
  json: ({ key, node, size, sha256, atMs, link }) => ({
    ...{ key, node, size, sha256, link },
    at: new Date(atMs).toISOString(),
  }),
};

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 MiB`. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
