import { StringDecoder } from 'node:string_decoder';
import { jsonLine } from '../../client/codecs/json.js';
import { type ReadLogResponse, ReadLogResponse_Event } from '../../gen/postern/v1/logs.js';
import type { Invocation, Output } from '../invocation.js';
import { styleFor } from '../style.js';

const eventNames: Readonly<Partial<Record<ReadLogResponse_Event, string>>> = {
  [ReadLogResponse_Event.EVENT_ROTATED]: 'rotated',
  [ReadLogResponse_Event.EVENT_TRUNCATED]: 'truncated',
  [ReadLogResponse_Event.EVENT_GONE]: 'gone',
};
const eventTexts: Readonly<Record<string, string>> = {
  rotated: 'another file has taken its place',
  truncated: 'it was made shorter: again from its beginning',
  gone: 'it is not there: waiting for it',
};

/** Prints what comes of a log: its bytes as they are, or a line of JSON for each piece. Resolves when more may come. */
export function logPrinter(
  { streams: { stdout, stderr }, env }: Invocation,
  path: string,
  asJson: boolean,
): (piece: ReadLogResponse) => Promise<void> {
  const decoder = new StringDecoder('utf8');
  return async ({ data, offset, event }) => {
    const name = eventNames[event];
    if (name !== undefined) decoder.end();
    const text = asJson || stdout.isTTY === true ? decoder.write(data) : undefined;
    if (name !== undefined && !asJson)
      stderr.write(`${styleFor(stderr, env).dim(`postern: ${path}: ${eventTexts[name]}`)}\n`);
    if (asJson) {
      const line = jsonLine({ path, offset, ...(name !== undefined && { event: name }), text: text ?? '' });
      await written(stdout, line);
    } else if (data.length > 0) await written(stdout, text === undefined ? data : harmless(text));
  };
}

/** For a terminal: without what could steer it. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}

function written(stdout: Output, data: string | Uint8Array): Promise<void> {
  if (stdout.write(data) || stdout.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stdout.off('drain', done);
      stdout.off('close', done);
      resolve();
    };
    stdout.once('drain', done);
    stdout.once('close', done);
  });
}
