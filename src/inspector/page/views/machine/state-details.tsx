import { type Chart, type EdgeShape, edgeText } from './chart.js';

/** What the definition says of one state: what it is for, what it does and where it leads. */
export function StateDetails({ chart, path }: { readonly chart: Chart; readonly path: string }) {
  const shape = chart.states.find((one) => one.path === path);
  if (shape === undefined) return null;
  const edges = chart.edges.filter(({ source }) => source === path);
  const coming = chart.edges.filter(({ source, targets }) => source !== path && targets.includes(path));
  return (
    <section class="state-details" aria-label={`State ${path}`}>
      <h3>
        {path === '' ? chart.machine : path} <small>{shape.type}</small>
      </h3>
      {shape.description === '' ? null : <p>{shape.description}</p>}
      <Names title="on entry" names={shape.entry} />
      <Names title="on exit" names={shape.exit} />
      <Names title="runs" names={shape.invokes} />
      <Edges title="Leads to" edges={edges} end={(edge) => edge.targets.join(', ') || 'stays here'} />
      <Edges title="Comes from" edges={coming} end={(edge) => edge.source || 'any state'} />
    </section>
  );
}

function Names({ title, names }: { readonly title: string; readonly names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p>
      <span class="soft">{title}</span> {names.join(', ')}
    </p>
  );
}

interface EdgesProps {
  readonly title: string;
  readonly edges: readonly EdgeShape[];
  readonly end: (edge: EdgeShape) => string;
}

function Edges({ title, edges, end }: EdgesProps) {
  if (edges.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul class="edges">
        {edges.map((edge) => (
          <li key={edge.id}>
            <b>{end(edge)}</b> {edgeText(edge)}
            {edge.operation === undefined ? null : (
              <span class="mark"> operator: {edge.operation.title}</span>
            )}
            {edge.actions.length === 0 ? null : <span class="soft"> does {edge.actions.join(', ')}</span>}
            {edge.description === '' ? null : <span class="soft"> {edge.description}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
