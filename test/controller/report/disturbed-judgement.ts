import type {
  FaultJudgement,
  FaultSighting,
  Judgement,
  Layers,
} from '../../../src/controller/judging/judgement.js';
import { plainPlanned } from '../../../src/controller/plan/plan.js';
import { madeJudgement, smallRun, startedAtMs } from './made-judgement.js';

const nothing: Layers = {
  arrived: 0,
  notSent: 0,
  refused: 0,
  unkept: 0,
  unsent: 0,
  presumed: 0,
  undelivered: 0,
  uncollected: 0,
  unclear: 0,
};

/** A small run in which one fault did not do what it should, two nodes were out of sight, and it is known where messages stayed. */
export function disturbedJudgement(): Judgement {
  const judgement = madeJudgement(smallRun());
  const pairLayers = new Map<string, Layers>([
    ['east north', { ...nothing, arrived: 16, undelivered: 3, uncollected: 1 }],
    ['west up', { ...nothing, arrived: 18, notSent: 2 }],
  ]);
  const main = { ...nothing, arrived: 394, notSent: 2, undelivered: 3, uncollected: 1 };
  const control = { ...nothing, arrived: 40 };
  return {
    ...judgement,
    plan: {
      ...judgement.plan,
      faults: judgement.plan.faults.map((fault) =>
        fault.fault === 'cut-north'
          ? { ...fault, kind: 'loss', shape: { ...plainPlanned('loss'), share: 0.3, scope: 'hub' } }
          : fault,
      ),
    },
    layers: { ...main, arrived: 434 },
    tests: judgement.tests.map((test) => ({
      ...test,
      layers: test.phase === 'main' ? main : control,
      pairs: test.pairs.map((pair) => {
        const layers = pairLayers.get(`${pair.sender} ${pair.receiver}`);
        return test.phase === 'main' && layers !== undefined ? { ...pair, layers } : pair;
      }),
    })),
    messages: judgement.messages.map((message) => ({
      ...message,
      troubles: message.troubles.map((one) =>
        one.trouble === 'lost' ? { ...one, layer: 'undelivered' } : one,
      ),
    })),
    faults: judgement.faults.map((fault) => (fault.fault === 'cut-north' ? mistaken(fault) : fault)),
    blind: [
      {
        ...{ node: 'north', ms: 4_200, longestMs: 4_000, neverMs: 0, times: 2 },
        spans: [
          { fromMs: startedAtMs + 22_000, toMs: startedAtMs + 26_000, causes: ['fault', 'hub'] },
          { fromMs: startedAtMs + 28_000, toMs: startedAtMs + 28_200, causes: ['hub'] },
        ],
      },
      {
        ...{ node: 'south', ms: 5_000, longestMs: 5_000, neverMs: 5_000, times: 1 },
        spans: [{ fromMs: startedAtMs + 35_000, toMs: startedAtMs + 40_000, causes: ['records'] }],
      },
    ],
  };
}

function mistaken({ convergenceMs: _, ...fault }: FaultJudgement): FaultJudgement {
  const from = startedAtMs + 21_000;
  const affected = { path: 'affected', name: 'tcp 192.0.2.7:4101', fromMs: from, toMs: from + 900 };
  const sights: FaultSighting[] = [
    { ...affected, phase: 'before', looks: 3, through: 3, medianMs: 2 },
    { ...affected, phase: 'during', looks: 5, through: 5, medianMs: 4 },
    { ...affected, phase: 'after', looks: 3, through: 3, medianMs: 2 },
    {
      ...affected,
      ...{
        path: 'spared',
        name: 'loopback',
        phase: 'during',
        looks: 4,
        through: 4,
        medianMs: 0,
        found: 'pid 7',
      },
    },
  ];
  return {
    ...fault,
    kind: 'loss',
    proof: 'mismatch',
    reason: 'affected ways came through as before',
    convergence: 'never',
    sights,
  };
}
