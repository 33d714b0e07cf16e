import { z } from 'zod';
import { defaultMostProfiles } from './profiles.js';

/** What the storage of profiles can be told. */
export const storageSettings = z
  .strictObject({
    /** Profiles in all. */
    most: z.number().int().min(1).max(10_000_000).default(defaultMostProfiles),
  })
  .prefault({});
export type StorageSettings = z.infer<typeof storageSettings>;
