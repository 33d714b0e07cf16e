import { type HubFile, readHubFile } from '../../client/hub-file.js';
import { type HubTarget, parseHub } from '../../client/hub-target.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import type { ContextFiles } from '../contexts/context-files.js';
import { type HttpAnswer, httpGet } from './http-get.js';

/** What the checks look at. Things that several of them need are fetched once. */
export class Subject {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly contexts: ContextFiles;
  /** Where nats-server is installed, when it is. */
  readonly toolsDir: string;
  /** The hub that commands would talk to. Rejects with why there is none. */
  readonly target: () => Promise<HubTarget>;
  /** What the running hub of the data directory says of itself; undefined: none runs. */
  readonly running: () => Promise<HubFile | undefined>;
  /** The nodes that the hub shows. Rejects with why it does not. */
  readonly nodes: () => Promise<Node[]>;
  readonly #answers = new Map<string, Promise<HttpAnswer>>();

  constructor(given: {
    data: string;
    env: NodeJS.ProcessEnv;
    contexts: ContextFiles;
    toolsDir: string;
    findTarget: () => Promise<HubTarget>;
    listNodes: (target: HubTarget) => Promise<Node[]>;
  }) {
    this.data = given.data;
    this.env = given.env;
    this.contexts = given.contexts;
    this.toolsDir = given.toolsDir;
    this.target = once(given.findTarget);
    this.running = once(() => readHubFile(given.data));
    this.nodes = once(async () => given.listNodes(await this.target()));
  }

  /** What the hub answers to a plain GET. Rejects when it does not. */
  get(path: string): Promise<HttpAnswer> {
    const asked = this.#answers.get(path) ?? this.target().then((target) => httpGet(target, path));
    this.#answers.set(path, asked);
    return asked;
  }

  /** Whether the hub answers plain requests at all. */
  answers(): Promise<boolean> {
    return this.get('/healthz').then(
      () => true,
      () => false,
    );
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** Host and port, or path, of a hub's address as `findHub` gives it. */
export function placeOf(target: HubTarget): { host: string; port: number } | { path: string } {
  const { address } = parseHub(target.address);
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}
