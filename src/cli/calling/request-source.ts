import { createReadStream } from 'node:fs';
import { readerFor } from '../../client/codecs/codecs.js';
import type { Codec, MessageText } from '../../client/codecs/message-text.js';
import { errorText, PosternError } from '../../errors.js';
import type { Input } from '../invocation.js';
import type { Options } from '../options.js';

/** So long standard input may keep silent before that is told, in milliseconds. */
const silentMs = 3_000;

/** Where the requests of a call come from. */
export interface RequestSource {
  /** The text itself, where it was given as such. */
  readonly text?: string;
  /** A file's path; '' is standard input. */
  readonly file?: string;
  /** The option that said so, with its value. */
  readonly saidBy: string;
}

/**
 * What `-d` and `-f` say; undefined: nothing is said. `-d @` and `-f -` are standard input, `-d @FILE` is a file. Throws
 * `USAGE` (exit status 2) where both are given.
 */
export function requestSourceOf(options: Options): RequestSource | undefined {
  const message = options.text('message');
  const file = options.text('request-file');
  if (message !== undefined && file !== undefined) {
    throw new PosternError('USAGE', 'say either --message or --request-file', { exitCode: 2 });
  }
  if (file !== undefined) return { file: file === '-' ? '' : file, saidBy: `-f ${file}` };
  if (message === undefined) return undefined;
  if (message.startsWith('@')) return { file: message.slice(1), saidBy: `-d ${message}` };
  return { text: message, saidBy: '-d' };
}

/** The codec that `--codec` says, else the one that the file's name ends in, else JSON. */
export function requestCodec(options: Options, source: RequestSource | undefined): Codec {
  const wanted = options.text('codec');
  if (wanted !== undefined) return wanted === 'yaml' || wanted === 'xml' ? wanted : 'json';
  const ending = /\.([a-z]+)$/i.exec(source?.file ?? '')?.[1]?.toLowerCase();
  if (ending === 'xml') return 'xml';
  return ending === 'yaml' || ending === 'yml' ? 'yaml' : 'json';
}

/** The requests of a source, one after another as they arrive. Throws `MESSAGE_UNREADABLE` and what a codec throws. */
export async function* requestsFrom(
  source: RequestSource,
  codec: Codec,
  stdin: NodeJS.ReadableStream,
): AsyncGenerator<MessageText> {
  const { text, file = '', saidBy } = source;
  const name = text !== undefined ? '-d' : file === '' ? 'standard input' : file;
  const reader = readerFor(codec, name);
  if (text !== undefined) yield* reader.push(text);
  else {
    try {
      const chunks = file === '' ? stdin.setEncoding('utf8') : createReadStream(file, 'utf8');
      let first = true;
      for await (const chunk of chunks) {
        // Some editors put a byte order mark before a text.
        yield* reader.push(first ? String(chunk).replace(/^\ufeff/, '') : String(chunk));
        first = false;
      }
    } catch (thrown) {
      if (thrown instanceof PosternError) throw thrown;
      throw new PosternError('MESSAGE_UNREADABLE', `cannot read ${saidBy}: ${errorText(thrown)}`, {
        exitCode: 2,
      });
    }
  }
  yield* reader.end();
}

/** The requests on standard input, none where that is a terminal. `silent` is called when nothing comes for a while. */
export async function* requestsOnStdin(
  codec: Codec,
  stdin: Input,
  silent: () => void,
): AsyncGenerator<MessageText> {
  if (stdin.isTTY) return;
  const timer = setTimeout(silent, silentMs);
  try {
    for await (const request of requestsFrom({ file: '', saidBy: '-f -' }, codec, stdin)) {
      clearTimeout(timer);
      yield request;
    }
  } finally {
    clearTimeout(timer);
  }
}
