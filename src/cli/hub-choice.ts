import { defaultDataDirectory } from '../client/data-directory.js';
import type { HubChoice } from '../client/hub-target.js';
import { PosternError } from '../errors.js';
import type { Context } from './contexts/context.js';
import { ContextFiles } from './contexts/context-files.js';
import type { Invocation } from './invocation.js';
import type { Given, Options } from './options.js';

/** A context that counts, and by whose word. */
export interface NamedContext {
  readonly name: string;
  readonly by: 'flag' | 'environment' | 'selected';
  readonly content: Context;
}

/** What a command was told about the hub. */
export type CommandsHubChoice = HubChoice & { readonly context: NamedContext | undefined };

/**
 * What was said about the hub: by flags, then by the environment, then by the context; a context that `--context` names
 * counts before the environment. One that was only selected says nothing where --hub or --data is said. Throws what
 * reading a context throws, and `USAGE` (exit status 2) for --hub beside --context.
 */
export async function hubChoiceOf(invocation: Invocation): Promise<CommandsHubChoice> {
  const { options } = invocation;
  const context = await contextOf(invocation);
  const content = context?.content;
  const first = context?.by === 'flag';
  const data = ranked(options, 'data', content?.data, first);
  const hub = context === undefined ? options.given('hub') : undefined;
  return {
    context,
    hub: content?.hub ?? textOf(hub?.value),
    from: context === undefined ? hub && `from ${hub.from}` : `context ${context.name}`,
    ...tokenOf(options, content, first),
    ca: ranked(options, 'hub-ca', content?.hubCa, first),
    insecure: options.flag('hub-insecure'),
    ...tlsOf(options),
    data: data ?? defaultDataDirectory(invocation.env),
    // The admin token of this machine is no business of another hub's.
    ownToken:
      content?.hub === undefined || content.data !== undefined || byFlag(options, 'data') !== undefined,
  };
}

/** The context that counts, read. */
async function contextOf({ options, env }: Invocation): Promise<NamedContext | undefined> {
  const files = new ContextFiles(env);
  const given = options.given('context');
  const hub = options.given('hub');
  if (given !== undefined) {
    const name = String(given.value);
    const { by } = given;
    if (by === 'flag' && hub?.by === 'flag' && !hub.older) {
      throw new PosternError('USAGE', 'say either --hub or --context', { exitCode: 2 });
    }
    if (by === 'environment' && hub !== undefined && !hub.older) return undefined;
    return { name, by, content: await files.read(name, by === 'flag' ? '' : ` (${given.from})`) };
  }
  if (hub !== undefined || options.given('data') !== undefined) return undefined;
  const name = await files.chosen();
  if (name === undefined) return undefined;
  return { name, by: 'selected', content: await files.read(name, ` (${files.chosenFile})`) };
}

/** What only some commands can be told about TLS. */
function tlsOf(options: Options): Pick<HubChoice, 'tls' | 'serverName' | 'certFile' | 'keyFile'> {
  if (!options.has('hub-tls')) return {};
  return {
    tls: options.flag('hub-tls'),
    serverName: options.text('hub-server-name'),
    certFile: options.text('hub-cert'),
    keyFile: options.text('hub-key'),
  };
}

/** The first that is there: flag, context where it counts `first`, environment, context. */
function ranked(
  options: Options,
  option: string,
  ofContext: string | undefined,
  first: boolean,
): string | undefined {
  return byFlag(options, option) ?? (first ? ofContext : undefined) ?? options.text(option) ?? ofContext;
}

/** Token or file with it, by the same order: who says one of them means no other. */
function tokenOf(
  options: Options,
  content: Context | undefined,
  first: boolean,
): { token: string | undefined; tokenFile: string | undefined } {
  const ofContext = { token: content?.token, tokenFile: content?.tokenFile };
  const token = options.given('token');
  const tokenFile = options.given('token-file');
  const by = (how: Given['by']) => {
    const said = (given: Given | undefined) => (given?.by === how ? textOf(given.value) : undefined);
    const ofToken = { token: said(token), tokenFile: undefined };
    const ofFile = { token: undefined, tokenFile: said(tokenFile) };
    // A token by the name that programs of before had for it comes after ours.
    return token?.older === true ? [ofFile, ofToken] : [ofToken, ofFile];
  };
  const ways = [...by('flag'), ...(first ? [ofContext] : []), ...by('environment')];
  return ways.find(({ token, tokenFile }) => token !== undefined || tokenFile !== undefined) ?? ofContext;
}

function byFlag(options: Options, option: string): string | undefined {
  const given = options.given(option);
  return given?.by === 'flag' ? textOf(given.value) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
