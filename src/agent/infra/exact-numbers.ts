import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { OwnService } from '../own-services.js';

/** The whole numbers of requests, by method and number of the field; those that are texts in an older form too. */
const wholeNumbers: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  testConnectionToPeer: new Map([[1, 'tries']]),
  newTest: new Map([
    [2, 'testN'],
    [4, 'size'],
    [5, 'interval'],
    [6, 'amount'],
  ]),
  startTest: new Map([
    [2, 'testN'],
    [3, 'duration'],
  ]),
  stopTest: new Map([[2, 'testN']]),
  isTestRunning: new Map([[2, 'testN']]),
  addReliability: new Map([
    [1, 'timeout'],
    [2, 'odds'],
  ]),
};

const refusal = Symbol('why a request is refused');

/**
 * A service that ends calls with INVALID_ARGUMENT whose whole numbers are larger than numbers are exact here: the generated
 * code would take them for a defect (INTERNAL), or round them, so that two tests became one.
 */
export function withExactNumbers({ name, definition, implementation }: OwnService): OwnService {
  const methods = Object.keys(definition).filter((method) => wholeNumbers[method] !== undefined);
  return {
    name,
    definition: {
      ...definition,
      ...Object.fromEntries(methods.map((method) => reading(method, definition))),
    },
    implementation: {
      ...implementation,
      ...Object.fromEntries(methods.map((method) => refusing(method, implementation))),
    },
  };
}

function reading(method: string, definition: ServiceDefinition): [string, ServiceDefinition[string]] {
  const { [method]: known } = definition;
  if (known === undefined) throw new Error(`there is no method ${method}`);
  const requestDeserialize = (bytes: Buffer): unknown => {
    const why = tooLarge(bytes, wholeNumbers[method] ?? new Map());
    return why === undefined ? known.requestDeserialize(bytes) : { [refusal]: why };
  };
  return [method, { ...known, requestDeserialize }];
}

function refusing(
  method: string,
  implementation: UntypedServiceImplementation,
): [string, UntypedServiceImplementation[string]] {
  const { [method]: known } = implementation;
  if (known === undefined) throw new Error(`nobody does ${method}`);
  return [
    method,
    (call: { request: object }, callback: (error: object) => void) => {
      const why: unknown = Reflect.get(call.request, refusal);
      if (typeof why === 'string') callback({ code: status.INVALID_ARGUMENT, details: why });
      else Reflect.apply(known, undefined, [call, callback]);
    },
  ];
}

/** What is wrong with the first number that is too large; undefined: nothing, or it is no message at all. */
function tooLarge(bytes: Uint8Array, fields: ReadonlyMap<number, string>): string | undefined {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const name = fields.get(field);
      if (name === undefined || type !== WireType.Varint) {
        reader.skip(type, field);
        continue;
      }
      const value = BigInt(reader.int64());
      if (Number.isSafeInteger(Number(value))) continue;
      const most = Number.MAX_SAFE_INTEGER;
      return `${name}: ${value} is not between -${most} and ${most}, where numbers are exact here: give one nearer to 0`;
    }
  } catch {
    // the generated code says so
  }
  return undefined;
}
