import type { GuardianLink } from '../guardian-link.js';
import type { Asked, Healed, Injection } from '../injection.js';
import type { Undo } from '../undo.js';
import type { UndoShelf } from '../undo-shelf.js';

/** What stands by for what the kernel does not end by itself. */
export interface Guard {
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
}

/**
 * Acts when what undoes it is safe on disk and watched by a guardian; when it fails, what was done of it is undone.
 * `over` is called once it is.
 */
export async function guarded(
  { undo, guardian }: Guard,
  { name, endsAtMs }: Pick<Asked, 'name' | 'endsAtMs'>,
  what: Undo,
  act: () => Promise<void>,
  { by, over }: { readonly by: string; readonly over: () => void },
): Promise<Injection> {
  try {
    await undo.put(name, what, endsAtMs);
  } catch (thrown) {
    over();
    throw thrown;
  }
  let release = () => {};
  try {
    release = await guardian.watch();
    await act();
  } catch (thrown) {
    await undo.undo(name);
    release();
    over();
    throw thrown;
  }
  return {
    by,
    atMs: Date.now(),
    async heal(): Promise<Healed> {
      const healed = await undo.undo(name);
      release();
      over();
      return healed ?? { atMs: Date.now() };
    },
  };
}
