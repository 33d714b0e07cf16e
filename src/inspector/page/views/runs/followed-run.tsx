import { signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { WatchResponse } from '../../../../gen/web/postern/v1/inspector_pb.js';
import type { Run, WatchRunResponse } from '../../../../gen/web/postern/v1/runs_pb.js';
import type { ViewProps } from '../../app.js';
import { now } from '../../clock.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { useStream } from '../../streams.js';
import { LiveRun } from './model/live-run.js';
import type { RunRecord } from './model/record.js';
import { RunScreen } from './run-screen.js';

interface FollowedRunProps extends ViewProps {
  readonly name: string;
  /** Told once, when the run has ended. */
  readonly ended: (run: Run) => void;
}

/** A run that goes on, as it happens. */
export function FollowedRun({ hub, name, ended }: FollowedRunProps) {
  const live = useMemo(() => new LiveRun(), [hub, name]);
  const record = useMemo(() => signal<RunRecord | undefined>(undefined), [live]);
  const progress = useStream<WatchRunResponse>(name, {
    hub,
    open: (_, call) => hub.runs.watchRun({ run: name }, call),
    take: (messages) => {
      for (const message of messages) live.take(message, Date.now());
      record.value = live.record;
      const run = messages.at(-1)?.run;
      if (run !== undefined && run.endedAtMs > 0) ended(run);
    },
    ends: true,
  });
  // Nodes tell of their tests and faults themselves, and sooner than the controller can ask them.
  const actors = useStream<WatchResponse>(name, {
    hub,
    open: (resume, call) =>
      hub.inspector.watch({ filters: [{ run: name }], resume, history: resume === '' ? 64 : 0 }, call),
    take: (messages) => {
      for (const { transitions } of messages) for (const transition of transitions) live.hear(transition);
      record.value = live.record;
    },
    place: ({ place }) => place,
  });
  return (
    <>
      {progress.value.is !== 'stopped' || record.value?.facts.endedAtMs !== 0 ? null : (
        <StreamNotice of="The run" state={progress.value} />
      )}
      <StreamNotice of="What its actors do" state={actors.value} />
      {record.value === undefined ? (
        <Notice>Waiting for the controller…</Notice>
      ) : (
        <RunScreen hub={hub} record={record.value} nowMs={live.nowMs(now.value)} />
      )}
    </>
  );
}
