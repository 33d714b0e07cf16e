import type { Delivery } from '../../judging/judgement.js';
import { many, offset, span } from '../amounts.js';
import { button, choice, el, section, svg } from './dom.js';
import {
  bandsOf,
  type Ground,
  groundOf,
  gutter,
  type Line,
  type LineKind,
  lanesOf,
  linesOf,
  nearestLine,
  pathOf,
  width,
} from './lanes.js';
import { hashOf, keyOf, type Model } from './model.js';
import { around, moved, type TimeWindow, zoomed } from './time-window.js';

const kinds: readonly LineKind[] = ['calm', 'late', 'troubled', 'missing'];
/** A pointer this near to a line, in units of the drawing, means it. */
const near = 6;

/** Which node sent what when, and when it came where: time runs to the right, each node has a lane. */
export function spaceTimePart(model: Model): HTMLElement {
  return new SpaceTime(model).element;
}

class SpaceTime {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #whole: TimeWindow;
  readonly #drawing = svg('svg', { tabindex: 0, role: 'application', 'aria-label': 'Space-time diagram' });
  readonly #readout = el('p', { class: 'note readout', 'aria-live': 'polite' });
  #window: TimeWindow;
  #ground: Ground;
  #lines: readonly Line[] = [];
  #test = '';
  #onlyTroubled = false;
  #redrawAsked = false;

  constructor(model: Model) {
    this.#model = model;
    this.#whole = wholeOf(model);
    this.#window = this.#whole;
    this.#ground = groundOf(model.judgement.plan.nodes, this.#window);
    const place = el('div', { class: 'drawing' }, this.#drawing);
    const note =
      'Drag to move; Ctrl and the wheel, + and - zoom; arrow keys move, 0 shows all. Click a line to see its message.';
    this.element = section(
      'space-time',
      'Space and time',
      this.#controls(),
      place,
      this.#readout,
      el('p', { class: 'note' }, note),
    );
    this.#listen();
    this.#draw();
    model.watch((now, before) => {
      if (now.message !== before.message) this.#follow(now.message);
    });
  }

  #controls(): HTMLElement {
    const tests = this.#model.judgement.tests.map(({ test, name }): [string, string] => [
      test,
      `${name} (${test})`,
    ]);
    const test = choice('Test', [['', 'all'], ...tests], (value) => {
      this.#test = value;
      this.#draw();
    });
    const only = el('input', { type: 'checkbox' });
    only.addEventListener('change', () => {
      this.#onlyTroubled = only.checked;
      this.#draw();
    });
    return el(
      'p',
      { class: 'controls' },
      button('Zoom in', () => this.#zoom(0.5)),
      button('Zoom out', () => this.#zoom(2)),
      button('Earlier', () => this.#show(moved(this.#window, this.#whole, -0.5))),
      button('Later', () => this.#show(moved(this.#window, this.#whole, 0.5))),
      button('All', () => this.#show(this.#whole)),
      test.element,
      el('label', {}, only, ' only troubled'),
    );
  }

  #listen(): void {
    const drawing = this.#drawing;
    drawing.addEventListener('keydown', (event) => {
      const act = this.#keys()[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    drawing.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        const at = this.#timeAt(this.#placeOf(event).x);
        this.#show(zoomed(this.#window, this.#whole, event.deltaY > 0 ? 1.25 : 0.8, at));
      },
      { passive: false },
    );
    let drag: { readonly x: number; readonly window: TimeWindow } | undefined;
    let far = false;
    drawing.addEventListener('pointerdown', (event) => {
      drag = { x: this.#placeOf(event).x, window: this.#window };
      far = false;
    });
    drawing.addEventListener('pointermove', (event) => {
      const { x, y } = this.#placeOf(event);
      if (drag === undefined || event.buttons === 0) return this.#point(x, y);
      const by = (drag.x - x) / (width - gutter);
      if (Math.abs(drag.x - x) > 4) far = true;
      if (far) this.#show(moved(drag.window, this.#whole, by));
    });
    drawing.addEventListener('click', (event) => {
      drag = undefined;
      const { x, y } = this.#placeOf(event);
      const line = far ? undefined : nearestLine(this.#lines, x, y, near);
      const key = line === undefined ? undefined : keyOf(line.delivery);
      if (key !== undefined && this.#model.messages.has(key)) location.hash = hashOf(key);
    });
  }

  #keys(): Readonly<Record<string, () => void>> {
    return {
      '+': () => this.#zoom(0.5),
      '=': () => this.#zoom(0.5),
      '-': () => this.#zoom(2),
      '0': () => this.#show(this.#whole),
      Home: () => this.#show(this.#whole),
      ArrowLeft: () => this.#show(moved(this.#window, this.#whole, -0.2)),
      ArrowRight: () => this.#show(moved(this.#window, this.#whole, 0.2)),
    };
  }

  /** Shows the time of a message. */
  #follow(key: string | undefined): void {
    const message = key === undefined ? undefined : this.#model.messages.get(key);
    if (message === undefined) {
      this.#draw();
      return;
    }
    const ends = this.#deliveriesOf(keyOf(message)).flatMap(({ sentAtMs, receivedAtMs }) => [
      sentAtMs,
      ...(receivedAtMs === undefined ? [] : [receivedAtMs]),
    ]);
    // A final reading is long after; what is of interest is when it was sent and came.
    const moments = message.history.filter(({ what }) => what !== 'final' && what !== 'absent');
    this.#show(around([...ends, ...moments.map(({ atMs }) => atMs)], this.#whole));
  }

  #zoom(factor: number): void {
    this.#show(zoomed(this.#window, this.#whole, factor, (this.#window.from + this.#window.to) / 2));
  }

  /** Shows another time; drawn with the next frame, however many ask for it. */
  #show(window: TimeWindow): void {
    this.#window = window;
    if (this.#redrawAsked) return;
    this.#redrawAsked = true;
    requestAnimationFrame(() => {
      this.#redrawAsked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { judgement, now } = this.#model;
    const { startedAtMs } = judgement.facts;
    const nodes = judgement.plan.nodes;
    this.#ground = groundOf(nodes, this.#window);
    const all = linesOf(this.#model, this.#shown(), this.#ground);
    this.#lines = all.filter(({ kind }) => !this.#onlyTroubled || kind !== 'calm');
    const chosen =
      now.message === undefined ? [] : all.filter(({ delivery }) => keyOf(delivery) === now.message);
    this.#drawing.setAttribute('viewBox', `0 0 ${width} ${this.#ground.height}`);
    this.#drawing.replaceChildren(
      svg(
        'defs',
        {},
        svg(
          'clipPath',
          { id: 'lanes' },
          svg('rect', { x: gutter, y: 0, width: width - gutter, height: this.#ground.height }),
        ),
      ),
      ...lanesOf(nodes, this.#ground, startedAtMs),
      ...bandsOf(this.#model, this.#ground),
      svg(
        'g',
        { 'clip-path': 'url(#lanes)' },
        ...kinds.map((kind) =>
          svg('path', { class: `line ${kind}`, d: pathOf(this.#lines.filter((line) => line.kind === kind)) }),
        ),
        svg('path', { class: 'line chosen', d: pathOf(chosen) }),
      ),
    );
    const { from, to } = this.#window;
    this.#readout.textContent = `${offset(from - startedAtMs)} to ${offset(to - startedAtMs)} of the run, ${many(this.#lines.length, 'line')}`;
  }

  #shown(): readonly Delivery[] {
    const { deliveries } = this.#model.judgement;
    return this.#test === '' ? deliveries : deliveries.filter(({ test }) => test === this.#test);
  }

  #deliveriesOf(key: string): readonly Delivery[] {
    return this.#model.judgement.deliveries.filter((delivery) => keyOf(delivery) === key);
  }

  /** Tells which delivery is at a place. */
  #point(x: number, y: number): void {
    const line = nearestLine(this.#lines, x, y, near);
    if (line === undefined) return;
    const { sender, receiver, seq, test, sentAtMs, receivedAtMs } = line.delivery;
    const outcome = receivedAtMs === undefined ? 'never came' : `took ${span(receivedAtMs - sentAtMs)}`;
    const troubles = this.#model.troublesOf(line.delivery);
    const wrong = troubles.length === 0 ? '' : `, ${troubles.join(', ')}`;
    this.#readout.textContent = `${test} #${seq}: ${sender} to ${receiver}, sent ${offset(sentAtMs - this.#model.judgement.facts.startedAtMs)}, ${outcome}${wrong}`;
  }

  #placeOf(event: MouseEvent): { readonly x: number; readonly y: number } {
    const box = this.#drawing.getBoundingClientRect();
    const scale = width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  #timeAt(x: number): number {
    const part = (x - gutter) / (width - 8 - gutter);
    return this.#window.from + part * (this.#window.to - this.#window.from);
  }
}

/** From the first to the last thing that is drawn, with a little room. */
function wholeOf({ judgement }: Model): TimeWindow {
  const { startedAtMs, endedAtMs } = judgement.facts;
  let from = endedAtMs;
  let to = startedAtMs;
  for (const { sentAtMs, receivedAtMs } of judgement.deliveries) {
    from = Math.min(from, sentAtMs);
    to = Math.max(to, receivedAtMs ?? sentAtMs);
  }
  for (const fault of judgement.faults) {
    from = Math.min(from, fault.injectedAtMs ?? fault.plannedFromMs);
    to = Math.max(to, fault.healedAtMs ?? fault.plannedToMs);
  }
  if (!(to > from)) return { from: startedAtMs, to: Math.max(endedAtMs, startedAtMs + 1) };
  const room = (to - from) * 0.02;
  return { from: from - room, to: to + room };
}
