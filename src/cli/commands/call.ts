import type { MessageForm } from '../../client/codecs/codecs.js';
import type { Codec } from '../../client/codecs/message-text.js';
import { findMethod } from '../../client/descriptors.js';
import { deadlinesOf, makeCall, printSample } from '../calling/make-call.js';
import { requestCodec, requestSourceOf, requestsFrom } from '../calling/request-source.js';
import { lookUpDeadline, nodeOf, withTypes, withTypesOver } from '../descriptor-source.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern call`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const name = requiredWord(invocation, 1);
  const { callMs, lookUpMs } = deadlinesOf(invocation, lookUpDeadline());
  const given = requestSourceOf(options);
  const codec = requestCodec(options, given);
  const form = formOf(options.text('output'), codec);
  if (options.flag('template')) {
    return withTypes(invocation, lookUpMs, async (source) => {
      await printSample(invocation, { source, ...(await findMethod(source, name)) }, form);
      return 0;
    });
  }
  return withHub(invocation, (connection) =>
    withTypesOver(invocation, connection, lookUpMs, async (source) =>
      makeCall(invocation, {
        ...(await findMethod(source, name)),
        source,
        connection,
        metadata: connection.metadata(nodeOf(invocation)),
        requests: given === undefined ? none() : requestsFrom(given, codec, streams.stdin),
        form,
        deadlineMs: callMs,
      }),
    ),
  );
}

async function* none(): AsyncGenerator<never> {}

/** What `--output` says, else the codec; JSON is for people here. */
function formOf(output: string | undefined, codec: Codec): MessageForm {
  const wanted = output ?? codec;
  if (wanted === 'yaml' || wanted === 'xml') return wanted;
  return wanted === 'jsonl' ? 'jsonline' : 'prettyjson';
}
