import { faultDirections, faultKinds, faultScopes, faultWays } from '../../../../../fault-kinds.js';
import { shapeWords } from '../../../../../fault-words.js';
import { isObject, type JsonObject } from '../../../../run-file/format.js';

/** How a fault of a report was to act, in words, by the faults of its plan; '' where they do not say. */
export function plannedShape(planned: unknown, { fault, kind }: JsonObject): string {
  const found: unknown = Array.isArray(planned)
    ? planned.find((one: unknown) => isObject(one) && one.fault === fault)
    : undefined;
  const shape = isObject(found) ? found.shape : undefined;
  const known = oneOf(faultKinds, kind);
  if (!isObject(shape) || known === undefined) return '';
  const from = Array.isArray(shape.from) ? shape.from : [];
  return shapeWords(known, {
    scope: oneOf(faultScopes, shape.scope),
    direction: oneOf(faultDirections, shape.direction),
    way: oneOf(faultWays, shape.way),
    from: from.filter((node: unknown) => typeof node === 'string'),
    share: numberOf(shape.share),
    delayMs: numberOf(shape.delayMs),
    jitterMs: numberOf(shape.jitterMs),
    bytesPerSecond: numberOf(shape.bytesPerSecond),
    clockMs: numberOf(shape.clockMs),
    interface: typeof shape.interface === 'string' ? shape.interface : '',
  }).join(', ');
}

function oneOf<T extends string>(words: readonly T[], value: unknown): T | undefined {
  return words.find((word) => word === value);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
