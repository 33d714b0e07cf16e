import { upBindings, upSettings } from './hub-settings.js';
import { listenAddress } from './setting-schemas.js';
import type { Binding } from './settings.js';

/** What `postern hub serve` can be told: all that `postern up` can, with two addresses by name. */
export const hubServeSettings = upSettings.omit({ listen: true }).extend({
  httpListen: listenAddress.default(':8080'),
  grpcListen: listenAddress.default(':9090'),
});

export const hubServeBindings: readonly Binding[] = [
  { option: 'http-listen', key: ['httpListen'] },
  { option: 'grpc-listen', key: ['grpcListen'] },
  ...upBindings.filter(({ option }) => option !== 'listen'),
];
