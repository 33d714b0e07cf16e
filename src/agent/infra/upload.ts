import type { LogUploads } from '../logs/uploads.js';
import type { UploadPart } from './parts.js';

/** `UploadLogs` of controllers of before. */
export function uploadPart(uploads: Pick<LogUploads, 'upload'>): UploadPart {
  return { upload: (asked, signal) => uploads.upload(asked, () => {}, signal) };
}
