import { AsyncResource } from 'node:async_hooks';

/**
 * Makes `AsyncResource.prototype.bind` light where it is not. Node 20 gives every function that it binds a deprecated
 * accessor `asyncResource`, made of two wrapped functions, and `ClientHttp2Session.request` binds one for each request:
 * the request and its stream then survive the small garbage collections, which is a third of an agent's CPU time
 * (docs/speed.md). Nothing else of `bind` changes.
 */
export function lightenBind(): void {
  if (!('asyncResource' in AsyncResource.bind(() => {}))) return;
  Object.defineProperty(AsyncResource.prototype, 'bind', {
    configurable: true,
    writable: true,
    value: lightBind,
  });
}

function lightBind<Args extends unknown[], Result>(
  this: AsyncResource,
  fn: (this: unknown, ...args: Args) => Result,
  thisArg?: unknown,
): (...args: Args) => Result {
  const resource = this;
  return function bound(this: unknown, ...args: Args): Result {
    return resource.runInAsyncScope(fn, thisArg === undefined ? this : thisArg, ...args);
  };
}
