import {
  create,
  createFileRegistry,
  createMutableRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  type MutableRegistry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { AnySchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { errorText, PosternError } from '../errors.js';
import { type MessageOrigin, pathText } from './codecs/message-text.js';
import type { DescriptorSource } from './descriptors.js';
import { type JsonMistake, jsonMistakes } from './json-mistakes.js';

/** Most mistakes that are told at once. */
const mostMistakes = 10;

/** How messages become JSON. */
export interface MessageJsonOptions {
  /** Fields that hold their default are written too. */
  readonly emitDefaults: boolean;
}

/**
 * Turns JSON into messages and back, by proto3's rules. Types that only appear inside `google.protobuf.Any` are asked
 * of `source` when they are met.
 */
export class MessageJson {
  readonly #source: DescriptorSource;
  readonly #types: MutableRegistry;
  readonly #options: MessageJsonOptions;
  /** Types that nobody could describe. */
  readonly unknownTypes = new Set<string>();

  constructor(source: DescriptorSource, registry: FileRegistry, options: MessageJsonOptions) {
    this.#source = source;
    this.#types = createMutableRegistry(registry);
    this.#options = options;
  }

  /** Throws `MESSAGE_INVALID` (exit status 2) that names every mistake with its path and where `origin` says it stands. */
  async encode(desc: DescMessage, json: JsonValue, origin?: MessageOrigin): Promise<Uint8Array> {
    for (const name of typeUrlsIn(json)) await this.#learn(typeOf(name));
    const registry = this.#types;
    try {
      return toBinary(desc, fromJson(desc, json, { registry }));
    } catch (thrown) {
      const mistakes = jsonMistakes(desc, json, registry);
      const list = mistakes.length === 0 ? errorText(thrown) : told(mistakes, origin);
      const name = origin?.name ?? 'the message';
      throw new PosternError('MESSAGE_INVALID', `${name} does not fit ${desc.typeName}:\n  ${list}`, {
        hint: 'see a sample of the request with -p, its type with `postern describe`',
        exitCode: 2,
      });
    }
  }

  /** Throws `MESSAGE_UNREADABLE` for bytes that are no message of the type. */
  async decode(desc: DescMessage, bytes: Uint8Array): Promise<JsonValue> {
    try {
      const message = fromBinary(desc, bytes);
      for (const url of anyTypesIn(reflect(desc, message))) await this.#learn(typeOf(url));
      return toJson(desc, message, { registry: this.#types, alwaysEmitImplicit: this.#options.emitDefaults });
    } catch (thrown) {
      throw new PosternError(
        'MESSAGE_UNREADABLE',
        `the answer is no ${desc.typeName}: ${errorText(thrown)}`,
        {
          hint: 'the types that the server uses may differ from the ones that were given',
        },
      );
    }
  }

  /** True when somebody can describe the type; asks for it where that is not known yet. */
  async knows(name: string): Promise<boolean> {
    await this.#learn(name);
    return !this.unknownTypes.has(name);
  }

  /** The type, asked for where it is not known yet; undefined when nobody describes it. */
  async typeNamed(name: string): Promise<DescMessage | undefined> {
    return (await this.knows(name)) ? this.#types.getMessage(name) : undefined;
  }

  /** A type that was met in what was read or written. */
  knownType(name: string): DescMessage | undefined {
    return this.#types.getMessage(name);
  }

  /** Makes a type known; one that nobody describes is shown without its content. */
  async #learn(name: string): Promise<void> {
    if (name === '' || this.#types.getMessage(name) !== undefined) return;
    const found = (await this.#source.find(name))?.getMessage(name);
    if (found === undefined) this.unknownTypes.add(name);
    this.#types.add(found ?? emptyType(name));
  }
}

/** One line for each mistake, with its place and path. */
function told(mistakes: readonly JsonMistake[], origin: MessageOrigin | undefined): string {
  const lines = mistakes.slice(0, mostMistakes).map(({ path, why }) => {
    const place = origin?.locate(path);
    const at = place === undefined ? '' : `line ${place.line}, column ${place.column}: `;
    return `${at}${pathText(path) || 'the message'}: ${why}`;
  });
  const more = mistakes.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n  ');
}

function typeOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** A message type without fields. */
function emptyType(fullName: string): DescMessage {
  const dot = fullName.lastIndexOf('.');
  const file = create(FileDescriptorProtoSchema, {
    name: `unknown/${fullName}.proto`,
    package: fullName.slice(0, Math.max(dot, 0)),
    syntax: 'proto3',
    messageType: [{ name: fullName.slice(dot + 1) }],
  });
  const made = createFileRegistry(file, () => undefined).getMessage(fullName);
  if (made === undefined) throw new Error(`'${fullName}' is not the name of a type`);
  return made;
}

/** The type URLs of every `google.protobuf.Any` in JSON. */
function typeUrlsIn(json: JsonValue): string[] {
  if (typeof json !== 'object' || json === null) return [];
  if (Array.isArray(json)) return json.flatMap(typeUrlsIn);
  const own = json['@type'];
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(json).flatMap(typeUrlsIn)];
}

/** The type URLs of every `google.protobuf.Any` in a message; what is packed inside them is not looked into. */
function anyTypesIn(message: ReflectMessage): string[] {
  if (message.desc.typeName === AnySchema.typeName) {
    const url = message.desc.fields.find((field) => field.number === 1);
    return url?.fieldKind === 'scalar' ? [String(message.get(url))] : [];
  }
  return message.fields.flatMap((field) => {
    if (field.message === undefined || !message.isSet(field)) return [];
    if (field.fieldKind === 'message') return anyTypesIn(message.get(field));
    const items = field.fieldKind === 'list' ? message.get(field) : message.get(field).values();
    return [...items].flatMap((item) => (isReflected(item) ? anyTypesIn(item) : []));
  });
}

function isReflected(item: unknown): item is ReflectMessage {
  return typeof item === 'object' && item !== null && 'desc' in item && 'fields' in item;
}
