import { now } from '../../clock.js';
import { Table } from '../../parts/table.js';
import { place, setQuery } from '../../place.js';
import { columns, methodText } from './columns.js';
import { Heatmap } from './heatmap.js';
import type { MethodRow } from './method-row.js';

/** The methods, and how long their calls took; of one method where that was chosen. */
export function Methods({
  rows,
  sort,
  windowSeconds,
}: {
  rows: readonly MethodRow[];
  sort: string;
  windowSeconds: number;
}) {
  const chosen = place.value.query.get('method') ?? '';
  const row = rows.find(({ of }) => of.key === chosen);
  const drawn = row === undefined ? rows : [row];
  const title = row === undefined ? 'All of these' : `${row.of.node} ${methodText(row.of.method)}`;
  return (
    <>
      <Table
        label="Methods"
        columns={columns}
        rows={rows}
        rowKey={({ of }) => of.key}
        sort={sort}
        onSort={(by) => setQuery({ sort: by === '-rate' ? '' : by })}
        opened={chosen}
        onOpen={({ of }) => setQuery({ method: of.key === chosen ? '' : of.key })}
      />
      <figure class="latency">
        <figcaption>
          {title}: how long calls took, and how many there were{' '}
          {row !== undefined && (
            <button type="button" onClick={() => setQuery({ method: '' })}>
              All
            </button>
          )}
        </figcaption>
        <Heatmap
          of={drawn.map(({ of }) => of)}
          nowSeconds={Math.floor(now.value / 1000)}
          windowSeconds={windowSeconds}
        />
      </figure>
    </>
  );
}
