import type { Layer, Layers, Pair, TestJudgement } from '../judging/judgement.js';

/** How far a message came, as tables head it. */
export interface LayerColumn {
  readonly key: keyof Layers;
  readonly title: string;
  /** One sentence for who points at the head. */
  readonly meaning: string;
}

/** All of them, in the order of a message's way. */
export const layerColumns: readonly LayerColumn[] = [
  { key: 'notSent', title: 'not sent', meaning: "Its sender's daemon was never given it." },
  { key: 'refused', title: 'refused', meaning: "The sender's daemon refused it." },
  {
    key: 'unkept',
    title: 'not kept',
    meaning:
      "The sender's daemon was given it and did not refuse it, and did not have it itself in the end; nor had anybody else.",
  },
  {
    key: 'unsent',
    title: 'unsent at the end',
    meaning: "The sender's daemon had it in the end, and nobody else.",
  },
  {
    key: 'presumed',
    title: 'presumably unsent',
    meaning:
      "The sender's daemon took it, and in the end nobody else had it; no record tells whether it had it itself.",
  },
  {
    key: 'undelivered',
    title: 'undelivered',
    meaning: 'Somebody else had it in the end, this receiver had not.',
  },
  {
    key: 'uncollected',
    title: 'delivered, not collected',
    meaning: "The receiver's daemon had it in the end; the agent beside it had not been told of it.",
  },
  { key: 'unclear', title: 'unclear', meaning: 'Nobody can say where it stayed.' },
  {
    key: 'arrived',
    title: 'arrived',
    meaning: 'It came while it was listened for, and was there in the end.',
  },
];

/** Those in which something stayed. */
export const lostLayers = [
  'notSent',
  'refused',
  'unkept',
  'unsent',
  'presumed',
  'undelivered',
  'uncollected',
  'unclear',
] as const satisfies readonly Layer[];

/** A layer as people read it. */
export function layerTitle(layer: Layer): string {
  return layerColumns.find(({ key }) => key === layer)?.title ?? layer;
}

/** All that did not arrive. */
function strayed(layers: Layers): number {
  return lostLayers.reduce((sum, layer) => sum + layers[layer], 0);
}

/** `3 undelivered; 1 not sent`, the most first; empty where all has arrived. */
export function layerWords(layers: Layers): string {
  return lostLayers
    .filter((layer) => layers[layer] > 0)
    .sort((a, b) => layers[b] - layers[a])
    .map((layer) => `${layers[layer]} ${layerTitle(layer)}`)
    .join('; ');
}

/** A pair of a test of which something did not arrive. */
export interface StrayedPair {
  readonly test: string;
  readonly pair: Pair & { readonly layers: Layers };
}

/** All of them, those with the most first. */
export function strayedPairs(tests: readonly TestJudgement[]): StrayedPair[] {
  return tests
    .flatMap(({ test, pairs }) =>
      pairs.flatMap((pair) =>
        pair.layers === undefined ? [] : [{ test, pair: { ...pair, layers: pair.layers } }],
      ),
    )
    .sort((a, b) => strayed(b.pair.layers) - strayed(a.pair.layers));
}
