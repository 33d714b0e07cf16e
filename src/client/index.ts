/** What programs import from the package `postern`. */

export { PosternError } from '../errors.js';
export type { LogLevel } from '../log.js';
export { type JoinHubOptions, joinHub } from './join-hub.js';
export type { TunnelNode, TunnelNodeEnd, TunnelPlace } from './tunnel/tunnel-node.js';
