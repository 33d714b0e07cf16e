import { deadline, unary } from '../../../client/call-failed.js';
import { prettyJson } from '../../../client/codecs/json.js';
import { yamlDocument } from '../../../client/codecs/yaml.js';
import type { ListRoomsResponse, Room } from '../../../gen/postern/v1/rooms.js';
import { ago } from '../../../hub/ago.js';
import { withAccountService } from '../../account-service.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';
import { roomClients } from './room-clients.js';

/** What the sources of numbers are for people. */
const sources: Readonly<Record<string, string>> = {
  livekit: 'participants as LiveKit tells them',
  kv: 'no LiveKit server is asked: who is in a room is not known',
};

/** `postern rooms ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.streams;
  const { rooms, source } = await withAccountService(invocation, (connection) =>
    unary<ListRoomsResponse>((done) =>
      roomClients(connection).rooms.listRooms({}, connection.metadata(), deadline(), done),
    ),
  );
  const format = listFormatOf(invocation);
  const view = roomView(source, Date.now());
  const whole = { source, rooms: rooms.map(view.json) };
  if (format === 'json') stdout.write(prettyJson(whole));
  else if (format === 'yaml') stdout.write(yamlDocument(whole));
  else if (format !== 'table') stdout.write(formatList(format, view, rooms));
  else {
    if (rooms.length > 0) stdout.write(formatList(format, view, rooms));
    else stderr.write('there are no rooms: make one with `postern rooms create`\n');
    stderr.write(`${sources[source] ?? source}\n`);
  }
  return 0;
}

function roomView(source: string, nowMs: number): RecordView<Room> {
  const known = source === 'livekit';
  return {
    root: 'rooms',
    element: 'room',
    name: ({ name }) => name,
    json: (room) => ({ ...room }),
    columns: [
      { title: 'NAME', text: ({ name }) => name },
      { title: 'PARTICIPANTS', text: ({ participants }) => (known ? String(participants) : '?') },
      { title: 'MADE', text: ({ madeAtMs }) => (madeAtMs === 0 ? 'by others' : ago(madeAtMs, nowMs)) },
      { title: 'BY', text: ({ mine, madeBy }) => (mine ? 'you' : madeBy || '-') },
    ],
  };
}
