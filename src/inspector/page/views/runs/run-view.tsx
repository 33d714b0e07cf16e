import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../../../../gen/web/postern/v1/runs_pb.js';
import type { ViewProps } from '../../app.js';
import { callError } from '../../hub.js';
import { Notice } from '../../parts/notice.js';
import { href } from '../../place.js';
import { FollowedRun } from './followed-run.js';
import { ReplayedRun } from './replayed-run.js';

type Asked = { readonly run: Run } | { readonly problem: string } | undefined;

/** One run: followed while it goes on, replayed once it has ended. */
export function RunView({ hub, run: name }: ViewProps & { readonly run: string }) {
  const [asked, setAsked] = useState<Asked>(undefined);
  useEffect(() => {
    const over = new AbortController();
    hub.runs.getRun({ run: name }, { signal: over.signal }).then(
      ({ run }) =>
        setAsked(run === undefined ? { problem: 'the hub has answered without the run' } : { run }),
      (thrown: unknown) => {
        if (!over.signal.aborted) setAsked({ problem: callError(thrown) });
      },
    );
    return () => over.abort();
  }, [hub, name]);
  if (asked === undefined) return <Notice>Asking for {name}…</Notice>;
  if ('problem' in asked) {
    return (
      <>
        <Notice bad>{asked.problem}</Notice>
        <p>
          <a href={href(['runs'])}>All runs</a>
        </p>
      </>
    );
  }
  return asked.run.endedAtMs > 0 ? (
    <ReplayedRun hub={hub} run={asked.run} />
  ) : (
    <FollowedRun hub={hub} name={name} ended={(run) => setAsked({ run })} />
  );
}
