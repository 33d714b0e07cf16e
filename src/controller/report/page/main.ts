import type { Judgement } from '../../judging/judgement.js';
import { el } from './dom.js';
import { blindPart, faultsPart } from './faults.js';
import { messagesPart } from './history.js';
import { latencyPart } from './latency-plot.js';
import { layersPart } from './layers.js';
import { matrixPart } from './matrix.js';
import { hashOf, keyInHash, Model } from './model.js';
import { provenancePart } from './provenance.js';
import { spaceTimePart } from './space-time.js';
import { testsPart, verdictPart } from './verdict.js';

/** Builds the page of a report out of the judgement that lies in it. */
function build(judgement: Judgement): void {
  const model = new Model(judgement);
  const messages = messagesPart(model);
  const matrix = matrixPart(model, (sender, receiver) => {
    messages.list.filter(sender, receiver);
    messages.element.scrollIntoView();
  });
  const parts = [
    testsPart(model),
    matrix,
    layersPart(model),
    latencyPart(model),
    spaceTimePart(model),
    messages.element,
    faultsPart(model),
    blindPart(model),
    provenancePart(model),
  ];
  const links = parts.map((part) =>
    el('a', { href: `#${part.id}` }, part.querySelector('h2')?.textContent ?? part.id),
  );
  document.body.replaceChildren(
    verdictPart(model),
    el('nav', { 'aria-label': 'Parts of the report' }, ...links),
    el('main', {}, ...parts),
  );
  followAddress(model);
}

/** The address says which message is chosen, so that a link leads to it and Back goes back. */
function followAddress(model: Model): void {
  const follow = (): void => {
    const message = keyInHash(location.hash);
    if (message === model.now.message) return;
    const known = message === undefined ? undefined : model.messages.get(message);
    model.choose({ message, ...(known === undefined ? {} : { test: known.test, pair: undefined }) });
  };
  window.addEventListener('hashchange', follow);
  document.addEventListener('click', (event) => {
    // A link to where one already is changes no address, but the reader wants to see it.
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link !== null && link.hash === location.hash && link.hash === hashOf(model.now.message ?? '')) {
      document.getElementById('history')?.scrollIntoView({ block: 'nearest' });
    }
  });
  follow();
}

const data = document.getElementById('judgement')?.textContent;
if (data === undefined) throw new Error('there is no judgement in this page');
build(JSON.parse(data));
