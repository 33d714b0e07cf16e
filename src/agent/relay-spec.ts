import { nodeName } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { parseAddress, type TcpAddress } from '../wire/address.js';

/** A way between daemons that the agent leads through itself. */
export interface RelaySpec {
  /** Name of the node to whose daemon it leads; '': to the daemon beside this agent. */
  readonly node: string;
  readonly protocol: 'tcp' | 'udp';
  /** Port 0 is any free one. */
  readonly listen: TcpAddress;
  readonly target: TcpAddress;
}

const hint =
  "write [NODE@][tcp:|udp:]LISTEN=TARGET, e.g. ':4101=127.0.0.1:4001' for others' way to this daemon, or 'south@127.0.0.1:4102=192.0.2.7:4101' for its way to south's";

/** Reads `[NODE@][tcp:|udp:]LISTEN=TARGET`. Throws `RELAY_INVALID`, `ADDRESS_INVALID` (exit status 2), which quote the text. */
export function parseRelay(text: string): RelaySpec {
  const [, node = '', protocol = 'tcp', listen = '', target = ''] =
    /^(?:([^@=]*)@)?(?:(tcp|udp):(?!\d+=))?([^=]*)=(.*)$/.exec(text) ?? [];
  if (listen === '' || target === '') throw invalid(text, 'LISTEN=TARGET is missing');
  if (text.includes('@') && !nodeName.safeParse(node).success) {
    throw invalid(text, `'${node}' is no name of a node`);
  }
  return {
    node,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    listen: tcp(text, listen, 'listen'),
    target: tcp(text, target, 'dial'),
  };
}

/** Reads all relays of an agent. Throws as `parseRelay` does, where two listen at the same place, and where one leads to itself. */
export function parseRelays(texts: readonly string[]): RelaySpec[] {
  const specs = texts.map(parseRelay);
  const places = new Set<string>();
  for (const [index, { protocol, listen }] of specs.entries()) {
    const place = `${protocol}:${listen.host}:${listen.port}`;
    if (listen.port !== 0 && places.has(place)) {
      throw invalid(texts[index] ?? '', 'another relay listens there');
    }
    places.add(place);
  }
  for (const [index, spec] of specs.entries()) {
    if (leadsBack(spec, specs)) throw invalid(texts[index] ?? '', 'what it leads on would come back to it');
  }
  return specs;
}

/** Whether what goes through a relay comes to it again, by relays of the same agent: it would go on for ever. */
function leadsBack(first: RelaySpec, specs: readonly RelaySpec[]): boolean {
  let spec = first;
  for (let steps = 0; steps < specs.length; steps++) {
    const next = specs.find((other) => leadsTo(spec, other));
    if (next === undefined) return false;
    if (next === first) return true;
    spec = next;
  }
  return false;
}

function leadsTo({ protocol, target }: RelaySpec, { protocol: same, listen }: RelaySpec): boolean {
  if (protocol !== same || target.port !== listen.port || listen.port === 0) return false;
  const host = target.host === '' ? '127.0.0.1' : target.host;
  return host === listen.host || (isHere(host) && isEverywhere(listen.host));
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || isEverywhere(host);
}

function isEverywhere(host: string): boolean {
  return ['', '0.0.0.0', '::'].includes(host);
}

function tcp(text: string, address: string, purpose: 'listen' | 'dial'): TcpAddress {
  const parsed = parseAddress(address, purpose);
  if ('path' in parsed) throw invalid(text, 'a relay listens at HOST:PORT and leads to HOST:PORT');
  return parsed;
}

function invalid(text: string, why: string): PosternError {
  return new PosternError('RELAY_INVALID', `'${text}' is no relay: ${why}`, { hint, exitCode: 2 });
}
