import { useEffect } from 'preact/hooks';
import type { Hub } from '../../hub.js';
import { bytes } from '../../parts/format.js';
import { Notice } from '../../parts/notice.js';
import { StateName } from '../../parts/state.js';
import { Time } from '../../parts/time.js';
import { href, setQuery } from '../../place.js';
import type { CallFacts } from './call-facts.js';
import { CallWay } from './call-way.js';
import { methodText } from './columns.js';
import { grpcurlCommand, posternCommand } from './commands.js';
import { CopyCommand } from './copy-command.js';
import { useFoundCall } from './found-call.js';
import { statusName, statusTags } from './status-name.js';

/** One call: what became of it, and where its time went. Esc closes it. */
export function CallDetails({ hub, id, known }: { hub: Hub; id: string; known: CallFacts | undefined }) {
  const found = useFoundCall(hub, id, known);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) close();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <aside class="details" aria-label={`Call ${id}`}>
      <header>
        <h2>Call {id}</h2>
        <button type="button" aria-label="Close" title="Close (Esc)" onClick={close}>
          ×
        </button>
      </header>
      {found.is === 'looking' && <Notice>It is looked for in the activity that is kept.</Notice>}
      {found.is === 'missing' && <Notice bad>{found.why}</Notice>}
      {found.is === 'found' && <Facts call={found.call} />}
    </aside>
  );
}

function close(): void {
  setQuery({ call: '' });
}

function Facts({ call }: { call: CallFacts }) {
  const { node, method, status, open, reason, caller, instance, trace, totalMs, agentMs, serverMs } = call;
  return (
    <>
      <p>
        {open ? 'open' : <StateName state={statusName(status)} tags={statusTags(status)} />}
        {reason !== '' && <span class="soft"> {reason}</span>}
      </p>
      <h3>Where its time went</h3>
      <CallWay {...{ totalMs, agentMs, serverMs }} />
      {agentMs === undefined && (
        <p class="soft">
          Of this call it is not known how long it was at the agent: it did not end with an answer of the
          agent, the agent does not say, or the call is known from the activity alone.
        </p>
      )}
      <dl class="facts">
        <dt>Node</dt>
        <dd>
          <a href={href(['fleet'], new URLSearchParams({ node }))}>{node}</a>
        </dd>
        <dt>Method</dt>
        <dd>{methodText(method)}</dd>
        <dt>Began</dt>
        <dd>
          <Time ms={call.atMs} as="full" fine />
        </dd>
        <dt>Caller</dt>
        <dd>{caller === '' ? '–' : caller}</dd>
        <dt>Instance</dt>
        <dd class="mono">{instance === '' ? '–' : instance}</dd>
        <dt>Trace</dt>
        <dd class="mono">{trace === '' ? '–' : trace}</dd>
        <dt>Request</dt>
        <dd>{bytes(call.requestBytes)}</dd>
        <dt>Response</dt>
        <dd>{bytes(call.responseBytes)}</dd>
      </dl>
      {node !== '' && method !== '' && (
        <>
          <h3>Call it again</h3>
          <p class="soft">
            With the token in <code>POSTERN_TOKEN</code>. What the request said is not kept: put it in the
            place of <code>{'{}'}</code>; <code>postern call -p</code> prints a sample.
          </p>
          <CopyCommand name="postern" command={posternCommand({ node, method }, location)} />
          <CopyCommand name="grpcurl" command={grpcurlCommand({ node, method }, location)} />
        </>
      )}
    </>
  );
}
