import { type EdgeShape, edgeText } from './chart.js';
import { headPath, linePath } from './edge-path.js';
import type { Light } from './lit.js';

/** An edge of a chart, with its label. */
export function EdgeLine({
  edge,
  light,
  near,
  bare,
}: {
  readonly edge: EdgeShape;
  readonly light: Light | undefined;
  readonly near: boolean;
  /** Its line is drawn already. */
  readonly bare: boolean;
}) {
  if (edge.points.length === 0) return null;
  const { label } = edge;
  return (
    <g class={`edge ${light ?? ''} ${near ? 'near' : ''}`} data-edge={edge.id}>
      <title>{edgeTitle(edge)}</title>
      {bare ? null : <path class="line" d={linePath(edge.points)} />}
      {bare ? null : <path class="head" d={headPath(edge.points)} />}
      {label === undefined ? null : (
        <text class="middle" x={label.x + label.width / 2} y={label.y + label.height / 2}>
          {edgeText(edge)}
        </text>
      )}
    </g>
  );
}

/** All that is known of an edge, for those who point at it. */
function edgeTitle(edge: EdgeShape): string {
  const { actions, operation } = edge;
  return [
    `${edge.source} → ${edge.targets.join(', ')}: ${edgeText(edge)}`,
    edge.description,
    actions.length === 0 ? '' : `does ${actions.join(', ')}`,
    operation === undefined ? '' : `for operators: ${operation.title}`,
  ]
    .filter(Boolean)
    .join('\n');
}
