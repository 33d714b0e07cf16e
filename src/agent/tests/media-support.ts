import { PosternError } from '../../errors.js';
import type { DaemonAdapter } from '../adapters/adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';

/** Throws `UNSUPPORTED` where the daemon takes no images. */
export function mustTakeImages({ capabilities }: DaemonAdapter): void {
  if (capabilities.media) return;
  throw new PosternError(
    'UNSUPPORTED',
    'the daemon here sends no images, as no Berty daemon since v2.434.8: use a test of type text',
  );
}

/** The same of a daemon that serves now; one that is away may well be back in time. */
export async function mustNotRefuseImages(daemon: DaemonWatch, signal: AbortSignal): Promise<void> {
  if (daemon.facts.state === 'serving') mustTakeImages(await daemon.serving(signal));
}
