import { layerColumns, lostLayers, strayedPairs } from '../layers.js';
import { button, el, section, table } from './dom.js';
import type { Model } from './model.js';

/** So many pairs are shown; the JSON has all. */
const mostPairs = 200;

/** Where messages stayed that did not arrive: in all, by test, and by pair, the worst first. */
export function layersPart(model: Model): HTMLElement {
  const { layers, tests } = model.judgement;
  const title = 'Where messages stayed';
  if (layers === undefined)
    return section(
      'layers',
      title,
      el('p', {}, 'This report was written by a release that did not tell it.'),
    );
  if (lostLayers.every((layer) => layers[layer] === 0))
    return section('layers', title, el('p', {}, 'Everything that was planned has arrived.'));
  const shown = layerColumns.filter(({ key }) => key === 'arrived' || layers[key] > 0);
  const counts = (of: typeof layers): string[] => shown.map(({ key }) => String(of[key]));
  const pairs = strayedPairs(tests);
  const rows = [
    ['all tests', '', '', ...counts(layers)],
    ...tests.flatMap(({ test, name, layers: own }) =>
      own === undefined ? [] : [[`${name} (${test})`, '', '', ...counts(own)]],
    ),
    ...pairs.slice(0, mostPairs).map(({ test, pair }) => {
      const { sender, receiver = '' } = pair;
      const chooser = button(test, () => model.choose({ test, pair: { sender, receiver } }), {
        class: 'link',
        'aria-label': `Show ${sender} to ${receiver} in ${test}`,
      });
      return [chooser, sender, receiver, ...counts(pair.layers)];
    }),
  ];
  const heads = ['test', 'sender', 'receiver', ...shown];
  const numbers = heads.map((_, i) => i).slice(3);
  const more = pairs.length - mostPairs;
  return section(
    'layers',
    title,
    table('By message and receiver; each that was planned is in one column', heads, rows, numbers),
    more > 0 ? el('p', { class: 'note' }, `and ${more} more pairs: the JSON has them`) : undefined,
  );
}
