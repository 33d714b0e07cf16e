import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { MessageForm } from '../../client/codecs/codecs.js';
import type { Codec } from '../../client/codecs/message-text.js';
import { nearest } from '../../client/nearest.js';
import { PosternError } from '../../errors.js';
import { deadlinesOf, makeCall, printSample } from '../calling/make-call.js';
import { requestCodec, requestSourceOf, requestsFrom, requestsOnStdin } from '../calling/request-source.js';
import { lookUpDeadline } from '../descriptor-source.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { styleFor } from '../style.js';
import { knownServices, withLookup } from './lookup.js';
import { methodsCalled, methodWord, servicesCalled, serviceWord } from './names.js';
import { meantCommand, serviceAnywhere, serviceToCall } from './places.js';
import { commandWords } from './service-line.js';
import { serviceText } from './service-text.js';

/** `postern SERVICE METHOD [NODE]`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, words } = invocation;
  const [, method, node] = words;
  const word = requiredWord(invocation, 0);
  const { callMs, lookUpMs } = deadlinesOf(invocation, lookUpDeadline());
  const given = requestSourceOf(options);
  const codec = requestCodec(options, given);
  const form = formOf(options.text('output'), codec);
  const calling = withLookup(invocation, lookUpMs, async (lookup) => {
    if (method === undefined) {
      streams.stdout.write(serviceText(await serviceAnywhere(lookup, word, undefined)));
      return 0;
    }
    if (options.flag('template')) {
      const found = await serviceAnywhere(lookup, word, node);
      await printSample(invocation, { ...found, method: methodOf(found.service, method) }, form);
      return 0;
    }
    const found = await serviceToCall(lookup, word, node);
    const silent = (): void => {
      const style = styleFor(streams.stderr, invocation.env);
      const hint = "waiting for the request on standard input; -d '{}' gives an empty one";
      streams.stderr.write(`${style.dim(hint)}\n`);
    };
    return makeCall(invocation, {
      ...found,
      method: methodOf(found.service, method),
      connection: lookup.connection,
      metadata: lookup.metadata(found.place),
      requests:
        given === undefined
          ? requestsOnStdin(codec, streams.stdin, silent)
          : requestsFrom(given, codec, streams.stdin),
      form,
      deadlineMs: callMs,
    });
  });
  return calling.catch(async (thrown: unknown) => {
    throw await orNoCommand(thrown, word);
  });
}

/** Without a hub a slip of a command looks like a service: that is told too, but of a service that Postern knows. */
async function orNoCommand(thrown: unknown, word: string): Promise<unknown> {
  if (!(thrown instanceof PosternError) || thrown.code !== 'HUB_UNREACHABLE') return thrown;
  if (commandWords.includes(word) || servicesCalled(word, await knownServices()).length > 0) return thrown;
  const { code, message, hint, exitCode } = thrown;
  const told = `'${word}' is no command${meantCommand(word) || '.'} Of services nothing is known: ${message}`;
  return new PosternError(code, told, { hint, exitCode, cause: thrown });
}

/** The method that a word means. Throws `METHOD_UNKNOWN`, `METHOD_AMBIGUOUS` (exit status 2) with what there is. */
export function methodOf(service: DescService, word: string): DescMethod {
  const [found, ...more] = methodsCalled(word, service);
  if (found === undefined) {
    const words = service.methods.map(methodWord);
    const serve = serviceWord(service.typeName) === 'hub' ? ['serve'] : [];
    throw new PosternError('METHOD_UNKNOWN', `${service.typeName} has no method '${word}'`, {
      hint: `there is ${nearest(word, [...words, ...serve]).join(', ')}`,
      exitCode: 2,
    });
  }
  if (more.length === 0) return found;
  const names = [found, ...more].map(({ name }) => name);
  throw new PosternError('METHOD_AMBIGUOUS', `'${word}' may be ${names.join(' or ')}`, {
    hint: 'write it as it is declared',
    exitCode: 2,
  });
}

/** What `--output` says, else the codec; JSON is one line for each message, as the original client has it. */
function formOf(output: string | undefined, codec: Codec): MessageForm {
  const wanted = output ?? codec;
  if (wanted === 'yaml' || wanted === 'xml' || wanted === 'prettyjson') return wanted;
  return 'jsonline';
}
