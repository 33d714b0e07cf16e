import {
  largestBatchBytes,
  largestRecordBytes,
  type ResultBatch,
  type Results,
} from '../../bus/result-messages.js';

/**
 * Why a batch of a node fits nowhere, now or later: its records have to be numbered one after another, to be no larger than
 * records are, and to be of the journal that the subject names.
 */
export function flawOf(node: string, batch: ResultBatch): string | undefined {
  const { after, last, records } = batch;
  let number = after;
  let bytes = 0;
  for (const record of records) {
    const { n, to, k } = record;
    if (n !== number + 1) return `the record behind ${number} is not numbered so`;
    number = k === 'damaged' && typeof to === 'number' && Number.isSafeInteger(to) && to >= n ? to : n;
    const size = Buffer.byteLength(JSON.stringify(record));
    if (size > largestRecordBytes) return `record ${n} has more than ${largestRecordBytes} bytes`;
    bytes += size;
    if (k === 'created' && !isOf(node, batch, record)) return `record ${n} is of another journal`;
  }
  if (records.length > 0 && number !== last) return `the last record is ${number}, not ${last}`;
  // where one record alone is too large for a batch of others, it goes alone
  if (bytes > largestBatchBytes && records.length > 1) return `it has more than ${largestBatchBytes} bytes`;
  return undefined;
}

function isOf(
  node: string,
  { run, test, journal }: ResultBatch,
  record: Results['records'][number],
): boolean {
  return record.node === node && record.run === run && record.test === test && record.journal === journal;
}
