import { hasRole, type Identity } from './identity.js';
import { coversMethod } from './method-patterns.js';
import { coversNode, type Labels, looksLikeSelector } from './node-patterns.js';

/** A token is asked about this many nodes and methods before what was found of it is forgotten. */
const mostRemembered = 512;
/** Longer paths are decided upon anew each time. */
const longestRemembered = 256;
/** So many patterns are quoted when a call is refused. */
const mostQuoted = 4;

/** What was found of an identity. Its claims do not change, so that neither does this. */
interface Findings {
  readonly mayCall: boolean;
  /** By path. */
  readonly methods: Map<string, boolean>;
  /** By name; undefined where labels decide, which may change. */
  readonly nodes: Map<string, boolean> | undefined;
}

const found = new WeakMap<Identity, Findings>();

function findingsOf(identity: Identity): Findings {
  const known = found.get(identity);
  if (known !== undefined) return known;
  const byName = !(identity.nodes?.some(looksLikeSelector) ?? false);
  const fresh: Findings = {
    mayCall: hasRole(identity, 'call'),
    methods: new Map(),
    nodes: byName ? new Map() : undefined,
  };
  found.set(identity, fresh);
  return fresh;
}

function remember(map: Map<string, boolean>, key: string, verdict: boolean): boolean {
  if (key.length > longestRemembered) return verdict;
  if (map.size >= mostRemembered) map.clear();
  map.set(key, verdict);
  return verdict;
}

function nodeAllowed(
  identity: Identity,
  { nodes }: Findings,
  node: string,
  granted: Labels | undefined,
): boolean {
  if (identity.nodes === undefined) return true;
  if (nodes === undefined) return coversNode(identity.nodes, node, granted);
  return nodes.get(node) ?? remember(nodes, node, coversNode(identity.nodes, node, undefined));
}

function methodAllowed(identity: Identity, { methods }: Findings, path: string): boolean {
  if (identity.methods === undefined) return true;
  return methods.get(path) ?? remember(methods, path, coversMethod(identity.methods, path));
}

/**
 * Why the identity may not call the method on the node, naming the claim that is missing; undefined: it may.
 * @param path `/pkg.Service/Method`, as it came.
 * @param granted labels that join tokens gave the node; undefined: it is not known.
 */
export function nodeCallDenied(
  identity: Identity,
  node: string,
  granted: Labels | undefined,
  path: string,
): string | undefined {
  const findings = findingsOf(identity);
  if (!findings.mayCall) return roleMissing(identity, `call node '${node}'`);
  if (!nodeAllowed(identity, findings, node, granted)) {
    return denied(identity, `call node '${node}'`, 'nodes', identity.nodes);
  }
  if (methodAllowed(identity, findings, path)) return undefined;
  return denied(identity, `call ${methodOf(path)} on node '${node}'`, 'methods', identity.methods);
}

/** The same for a local service; nodes have nothing to do with it. */
export function serviceCallDenied(identity: Identity, service: string, path: string): string | undefined {
  const findings = findingsOf(identity);
  if (!findings.mayCall) return roleMissing(identity, `call service '${service}'`);
  if (methodAllowed(identity, findings, path)) return undefined;
  return denied(identity, `call ${methodOf(path)} of service '${service}'`, 'methods', identity.methods);
}

/** How long a call may take: what it asks for, or less where its token says so; undefined: for ever. */
export function allowedTimeoutMs(identity: Identity, timeoutMs: number | undefined): number | undefined {
  const { deadlineMs } = identity.limits;
  if (deadlineMs === undefined) return timeoutMs;
  return timeoutMs === undefined || timeoutMs > deadlineMs ? deadlineMs : timeoutMs;
}

function roleMissing({ subject, roles }: Identity, what: string): string {
  return `'${subject}' may not ${what}: claim roles holds ${roles.join(', ')}, and no call`;
}

function denied(
  { subject }: Identity,
  what: string,
  claim: string,
  patterns: readonly string[] | undefined,
): string {
  return `'${subject}' may not ${what}: claim ${claim} allows ${quoted(patterns ?? [])}`;
}

function quoted(patterns: readonly string[]): string {
  if (patterns.length === 0) return 'none';
  const shown = patterns.slice(0, mostQuoted).join(' ');
  const more = patterns.length - mostQuoted;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function methodOf(path: string): string {
  return path.slice(path.startsWith('/') ? 1 : 0, 200);
}
