import type { OptionSpec } from '../command-spec.js';

/** Options of what becomes of the log files that agents bring. */
export const logOptions = [
  {
    name: 'logs-total',
    kind: 'text',
    value: 'SIZE',
    summary: 'room for log files that agents bring, all together (default: 1GiB), see docs/logs.md',
  },
  { name: 'logs-keep', kind: 'duration', summary: 'how long they are kept (default: 720h)' },
  {
    name: 'logs-url',
    kind: 'text',
    value: 'URL',
    summary: 'what links to them begin with, such as https://hub.example.org (default: they are paths)',
  },
  {
    name: 'logs-s3-bucket',
    kind: 'text',
    value: 'NAME',
    summary:
      'keep them in this bucket of Amazon S3, or what speaks as it; keys to it as AWS programs find them',
  },
  { name: 'logs-s3-region', kind: 'text', value: 'NAME', summary: 'its region (default: us-east-1)' },
  { name: 'logs-s3-endpoint', kind: 'text', value: 'URL', summary: "where it is, when it is not Amazon's" },
  {
    name: 'logs-s3-path-style',
    kind: 'flag',
    summary: 'name the bucket in the path of URLs, not in the host',
  },
  { name: 'logs-s3-prefix', kind: 'text', value: 'PREFIX/', summary: 'what keys in it begin with' },
] satisfies OptionSpec[];
