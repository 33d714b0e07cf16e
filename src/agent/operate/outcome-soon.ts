/** Whoever waits for an answer is told by then at the latest, milliseconds. */
const soonMs = 2_000;

/** What comes of some work if that is known soon; undefined: it goes on. Rejects as the work does until then. */
export async function outcomeSoon<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), soonMs);
  });
  work.catch(() => {}); // what fails later is told by the actor's transitions
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
