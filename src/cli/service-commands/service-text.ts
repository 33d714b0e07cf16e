import type { DescMethod } from '@bufbuild/protobuf';
import { prettyJson } from '../../client/codecs/json.js';
import { commentOf } from '../../client/descriptor-comments.js';
import { givesStream, takesStream } from '../../client/dynamic-call.js';
import { protoText, typesOf } from '../../client/proto-text.js';
import { sampleOf } from '../../client/template.js';
import { hubName } from '../descriptor-source.js';
import { methodWord, serviceWord } from './names.js';
import type { OfferedService } from './places.js';

/** Where the second column begins. */
const column = 26;

/** A service's methods, one line each, and who has it. */
export function serviceText({ service, by }: OfferedService): string {
  const word = serviceWord(service.typeName);
  const methods = service.methods.map((method) => {
    const head = `  ${methodWord(method)}`;
    const about = commentOf(method).split('\n\n')[0] || typesText(method);
    return `${head.length > column - 2 ? `${head}\n${' '.repeat(column)}` : head.padEnd(column)}${firstSentence(about)}`;
  });
  const about = firstSentence(commentOf(service));
  const nodes = by.map((place) => place ?? `the ${hubName}`);
  return `${service.typeName}${about === '' ? '' : `: ${about}`}

Methods:
${methods.join('\n')}
${nodes.length === 0 ? '' : `\nServed by ${nodes.join(', ')}.`}
More: postern ${word} METHOD --help
`;
}

/** What a method takes and gives, with examples. */
export function methodText({ service, by }: OfferedService, method: DescMethod): string {
  const about = commentOf(method);
  const calls = `postern ${serviceWord(service.typeName)} ${methodWord(method)}`;
  const [place] = by;
  const node = place === undefined ? '' : ` ${place}`;
  const types = typesOf(method).map(protoText).join('\n');
  return `Usage: ${calls} [NODE] [options] < REQUEST

${service.typeName}/${method.name}: ${typesText(method)}
${about === '' ? '' : `\n${about}\n`}
${types}
A request, every field with a value to replace:
${indented(prettyJson(sampleOf(method.input)))}
An answer:
${indented(prettyJson(sampleOf(method.output)))}
Examples:
  echo '{}' | ${calls}${node}
  ${calls}${node} -f request.yaml -o yaml
  ${calls}${node} -p --codec xml > request.xml
`;
}

/** `stream Request -> Response`. */
function typesText(method: DescMethod): string {
  const takes = `${takesStream(method) ? 'stream ' : ''}${method.input.name}`;
  return `${takes} -> ${givesStream(method) ? 'stream ' : ''}${method.output.name}`;
}

/** The first sentence of a text, in one line. */
function firstSentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return /^.*?[.:;](?= |$)/.exec(flat)?.[0].replace(/[.:;]$/, '') ?? flat;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
