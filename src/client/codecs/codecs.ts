import type { DescMessage, JsonValue } from '@bufbuild/protobuf';
import { jsonLine, prettyJson } from './json.js';
import { JsonReader } from './json-reader.js';
import type { Codec, MessageReader } from './message-text.js';
import { xmlMessage } from './xml-message.js';
import { XmlReader } from './xml-reader.js';
import { yamlDocument } from './yaml.js';
import { YamlReader } from './yaml-reader.js';

/** Forms that a message is printed in: JSON on one line or on several, YAML, XML. */
export type MessageForm = 'jsonline' | 'prettyjson' | 'yaml' | 'xml';

/** Reads messages in a codec. `name` says in messages where the text is from. */
export function readerFor(codec: Codec, name: string): MessageReader {
  switch (codec) {
    case 'json':
      return new JsonReader(name);
    case 'yaml':
      return new YamlReader(name);
    case 'xml':
      return new XmlReader(name);
  }
}

/** A message's proto3 JSON in one of the forms; several may follow one another. `types` are those inside an Any. */
export function formatMessage(
  form: MessageForm,
  desc: DescMessage,
  json: JsonValue,
  types: (fullName: string) => DescMessage | undefined,
): string {
  switch (form) {
    case 'jsonline':
      return jsonLine(json);
    case 'prettyjson':
      return prettyJson(json);
    case 'yaml':
      return yamlDocument(json);
    case 'xml':
      return xmlMessage(desc, json, types);
  }
}
