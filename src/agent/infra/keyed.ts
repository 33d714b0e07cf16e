import type { ServiceDefinition } from '@grpc/grpc-js';
import { testKeyOf } from './names.js';

const bytes = Symbol('request as it came');
const named = Symbol('tests are named by texts');

/** A request about a test. */
export interface Keyed {
  readonly [bytes]?: Uint8Array;
  readonly [named]?: boolean;
}

/** The methods that are about a test. */
const aboutTests = ['newTest', 'startTest', 'stopTest', 'isTestRunning'];

/** A service whose requests about tests can be asked for `keyOf`. `byName`: it names tests by texts. */
export function keyed(definition: ServiceDefinition, byName: boolean): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => {
      if (!aboutTests.includes(name)) return [name, method];
      const requestDeserialize = (request: Buffer) => ({
        ...method.requestDeserialize(request),
        [bytes]: request,
        [named]: byName,
      });
      return [name, { ...method, requestDeserialize }];
    }),
  );
}

/** Which test a request is about, see `testKeyOf`. Throws `TEST_INVALID`. */
export function keyOf(request: Keyed): string {
  return testKeyOf(request[bytes] ?? new Uint8Array(), request[named] ?? false);
}
