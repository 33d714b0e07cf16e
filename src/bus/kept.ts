import type { StoredMsg, StreamState } from '@nats-io/jetstream';
import { errorText, PosternError } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import type { Stop } from './bus.js';
import type { Connection } from './connection.js';
import { type KeptAnswer, type KeptPage, type KeptRequest, mostKeptMessages } from './messages.js';
import { type Messaging, parseJson } from './messaging.js';
import { declaredSubjects } from './permissions.js';
import { managerOf } from './streams.js';
import { filterSubject, parseSubject } from './subject-pattern.js';
import { type BusRole, busRoles, subjects } from './subjects.js';

/** Reads the messages of `filter` behind a place of the stream, a page at a time. */
export type ReadKept = (request: KeptRequest) => Promise<KeptPage>;

/** A page holds at most about this much, so that it fits into one message of the bus. */
const pageBytes = 256 * 1024;
/** A message larger than this is left out: it may not fit. */
const largestBytes = 512 * 1024;
/** A hub reads so many pages at once for others; who asks more is told to ask again. */
const mostReaders = 16;
/** How long a hub may take to answer. */
const answerTimeoutMs = 5000;

/** Reads from JetStream itself, which only hubs may (permissions.ts says why). */
export function readFromStream(connection: Connection): ReadKept {
  const manager = managerOf(connection.nats);
  const readPage: ReadKept = async ({ stream, filter, after, sinceMs, upTo = Number.MAX_SAFE_INTEGER }) => {
    const { streams, direct } = await manager;
    const { created, state, config } = await streams.info(stream);
    // a copy of a stream may not hold yet what the stream says that it holds
    const copied = config.num_replicas > 1;
    const get: GetMessage = (query) =>
      copied ? streams.getMessage(stream, query) : direct.getMessage(stream, query);
    const { first_seq: first, last_seq: last } = state;
    const messages: KeptPage['messages'] = [];
    const times = { firstMs: timeOf(state.first_ts), lastMs: timeOf(state.last_ts) };
    const page = { ok: true, created, first, last, ...times, messages } as const;
    let bytes = 0;
    let place = sinceMs === undefined ? after : Math.max(after, await placeBefore(get, state, sinceMs));
    if (place >= last) return { ...page, end: place, more: false };
    while (messages.length < mostKeptMessages && bytes < pageBytes) {
      const stored = await get({ seq: Math.max(place + 1, first), next_by_subj: filter });
      if (stored === null || stored.seq > upTo) return { ...page, end: place, more: false };
      place = stored.seq;
      // one that is left out keeps its place, and fits no schema
      const data = stored.data.length > largestBytes ? new Uint8Array() : stored.data;
      bytes += data.length;
      messages.push({ subject: stored.subject, place, body: parseJson(data) ?? null });
    }
    return { ...page, end: place, more: true };
  };
  return (request) => askJetStream(connection, () => readPage(request));
}

/** Of an empty stream, the year 1 is told. */
function timeOf(text: string): number {
  return Math.max(0, Date.parse(text) || 0);
}

type GetMessage = (query: { seq: number; next_by_subj?: string }) => Promise<StoredMsg | null>;

/** The last place of what was stored before a moment: by halving, as servers before 2.11 look nothing up by time. */
async function placeBefore(get: GetMessage, state: StreamState, sinceMs: number): Promise<number> {
  if (state.messages === 0 || Date.parse(state.last_ts) < sinceMs) return state.last_seq;
  let before = state.first_seq - 1;
  let behind = state.last_seq;
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2);
    const stored = await get({ seq: middle });
    // what is not there any more is older than all that is
    if (stored === null || stored.time.getTime() < sinceMs) before = middle;
    else behind = middle;
  }
  return before;
}

/** Has a hub read. */
export function readThroughHub(connection: Connection, messaging: Messaging): ReadKept {
  const { role, publicKey } = connection.identity;
  return async (request) => {
    const answer = await messaging.request(subjects.kept, { role, key: publicKey }, request, {
      timeoutMs: answerTimeoutMs,
    });
    if (answer.ok) return answer;
    throw new PosternError('NO_ANSWER', `no hub reads ${request.stream} for us: ${answer.message}`);
  };
}

/** A hub's part: reads for those who follow. */
export function serveKept(connection: Connection, messaging: Messaging): Stop {
  const read = readFromStream(connection);
  let readers = 0;
  const refuse = (message: string): KeptAnswer => ({ ok: false, message });
  return messaging.respond(
    subjects.kept,
    {},
    async ({ params, body }) => {
      const role = busRoles.find((each) => each === params.role);
      if (role === undefined || !mayFollow(role, body)) return refuse('there is no such kept subject');
      if (readers >= mostReaders) return refuse('too many read at once: ask again');
      readers++;
      try {
        return await read(body);
      } catch (thrown) {
        return refuse(errorText(thrown).slice(0, 512));
      } finally {
        readers--;
      }
    },
    { queue: 'hubs' },
  );
}

/** Whether `role` may hear the subject, and the stream keeps it. */
function mayFollow(role: BusRole, { stream, filter }: KeptRequest): boolean {
  return declaredSubjects.some((declaration) => {
    if (declaration.keep?.stream !== stream || declaration.subscribe[role] !== true) return false;
    const params = parseSubject(declaration, filter);
    if (params === undefined) return false;
    const named = Object.entries(params).filter(([, value]) => value !== '*');
    try {
      return filterSubject(declaration.pattern, Object.fromEntries(named)) === filter;
    } catch {
      return false;
    }
  });
}
