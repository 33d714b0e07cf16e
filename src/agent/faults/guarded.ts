import { PosternError } from '../../errors.js';
import type { GuardianLink } from './guardian-link.js';
import type { Asked, Healed, Injection } from './injection.js';
import { carryOut, type Undo } from './undo.js';
import type { UndoShelf } from './undo-shelf.js';

/** What stands by for what the kernel does not end by itself. */
export interface Guard {
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
}

/**
 * Acts when a guardian watches and what undoes it is safe on disk; when it fails, what was done of it is undone. Resolves to
 * what `act` does, and to what lets the guardian go, once it is healed. Throws what went wrong, and `FAULT_FAILED` where
 * somebody has undone it before it was done.
 */
export async function actGuarded<T>(
  { undo, guardian }: Guard,
  { name, endsAtMs }: Pick<Asked, 'name' | 'endsAtMs'>,
  what: Undo,
  act: () => Promise<T>,
): Promise<{ readonly acted: T; readonly release: () => void }> {
  const release = await guardian.watch();
  try {
    await undo.put(name, what, endsAtMs);
  } catch (thrown) {
    release();
    throw thrown;
  }
  try {
    const acted = await act();
    // Whoever undid it before it was done has taken nothing back, and nobody would again.
    if (await undo.stands(name)) return { acted, release };
    await carryOut(what);
    throw new PosternError('FAULT_FAILED', 'somebody undid it while it began');
  } catch (thrown) {
    await undo.undo(name);
    release();
    throw thrown;
  }
}

/** The same for a fault that its undo heals. `over` is called once nothing of it is left. */
export async function guarded(
  guard: Guard,
  asked: Pick<Asked, 'name' | 'endsAtMs'>,
  what: Undo,
  act: () => Promise<void>,
  { by, over }: { readonly by: string; readonly over: () => void },
): Promise<Injection> {
  let release: () => void;
  try {
    ({ release } = await actGuarded(guard, asked, what, act));
  } catch (thrown) {
    over();
    throw thrown;
  }
  return {
    by,
    atMs: Date.now(),
    async heal(): Promise<Healed> {
      const healed = await guard.undo.undo(asked.name);
      release();
      over();
      return healed ?? { atMs: Date.now() };
    },
  };
}
