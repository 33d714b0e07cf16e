import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';
import { styleFor } from '../../style.js';

/** A fault that was to be ended, and what became of it. */
export interface Healed {
  readonly node: string;
  /** RUN.FAULT; of what nobody knows a fault of, the name of a table or file. */
  readonly fault: string;
  readonly what: string;
  readonly became: string;
  readonly why: string;
  /** It acts no more. */
  readonly isOver: boolean;
}

/** Prints what was healed in the form that `--output` asks for. */
export function showHealed(invocation: Invocation, healed: readonly Healed[]): void {
  const { stdout } = invocation.streams;
  const style = styleFor(stdout, invocation.env);
  const view: RecordView<Healed> = {
    root: 'faults',
    element: 'fault',
    name: ({ node, fault }) => (node === '' ? fault : `${node}/${fault}`),
    json: ({ isOver, ...one }) => ({ ...one, over: isOver }),
    columns: [
      { title: 'NODE', text: ({ node }) => node || '-' },
      { title: 'FAULT', text: ({ fault }) => fault },
      { title: 'WHAT', text: ({ what }) => what },
      {
        title: 'BECAME',
        text: ({ became }) => became,
        paint: (padded, { isOver }) => (isOver ? style.green(padded) : style.red(padded)),
      },
      { title: 'WHY', text: ({ why }) => why || '-' },
    ],
  };
  const format = listFormatOf(invocation);
  if (healed.length > 0 || format !== 'table') stdout.write(formatList(format, view, healed));
}
