import { z } from 'zod';
import { roles } from '../../auth/identity.js';
import { nodeName } from '../../bus/messages.js';
import { errorText, PosternError } from '../../errors.js';
import { isOriginPattern } from '../../wire/cors.js';
import { canonicalName } from '../../wire/host-name.js';
import { endsOpen, readPath } from './path.js';
import { parseUpstreamUrl, type UpstreamUrl } from './upstream-url.js';

/** So many rows a table may have. */
export const mostRows = 1_000;

const origin = z
  .string()
  .refine(isOriginPattern, 'is no origin such as https://app.example.com, https://*.example.com or *');

/** Host name of a row in the form that hosts are compared in. */
const host = z
  .string()
  .min(1)
  .transform((text, context) => {
    const below = text.startsWith('*.') ? '*.' : '';
    const name = canonicalName(text.slice(below.length));
    if (name !== '' && !name.includes('*')) return `${below}${name}`;
    const message = `'${text}' is not a host name without port, or *. with one`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const pathPrefix = z
  .string()
  .startsWith('/', 'a path begins with /')
  .superRefine((text, context) => {
    const read = readPath(text);
    const why = !read.ok
      ? read.why
      : read.query !== ''
        ? 'it holds a query'
        : read.path !== text
          ? `write it as ${read.path}`
          : undefined;
    if (why === undefined) return;
    context.addIssue({ code: 'custom', message: `'${text}' cannot be matched: ${why}` });
  });

/** One row of the route table: every condition that is given must hold. */
export const route = z
  .strictObject({
    /** What messages and `postern routes` call the row. */
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'a name is made of letters, digits, _, . and -, at most 64')
      .optional(),
    /** The address of a listener as it is configured, or `:PORT`. */
    listener: z.string().min(1).optional(),
    /** Host name that the client called, without port; `*.` in front: any name below it. */
    host: host.optional(),
    /** What the path lies below: whole segments, or literally where it ends in `.` or `/`, e.g. `/etcdserverpb.`. */
    pathPrefix: pathPrefix.optional(),
    node: nodeName.optional(),
    /** The service that takes what fits, instead of a node. */
    to: z.string().min(1).optional(),
    /** Authorities to trust where `to` speaks TLS, a file in PEM; absent: the system's. */
    ca: z.string().min(1).optional(),
    /** Who may come in: who shows a token (that is the default), or everybody. */
    access: z.enum(['token', 'public']).optional(),
    /** Takes `pathPrefix` off before the service sees the path. */
    stripPrefix: z.boolean().optional(),
    /** One of these roles is demanded. */
    roles: z.array(z.enum(roles)).min(1).max(8).optional(),
    /** What may be called: `pkg.Service/Method`, `pkg.Service/*` or `pkg.*` of a gRPC service, `GET` and the like of others. */
    methods: z.array(z.string().min(1)).min(1).max(64).optional(),
    /** Longest time for a call or request, in seconds. */
    timeoutSeconds: z.number().positive().max(86_400).optional(),
    /** Origins whose pages may read answers. */
    cors: z.array(origin).max(64).optional(),
    /** Asks for an assertion of who calls, signed for this row by its name. */
    assertion: z.boolean().optional(),
    /** `to` may be a port of the hub itself or of its bus. */
    ownPort: z.boolean().optional(),
  })
  .superRefine((row, context) => {
    const wrong = (message: string): void => void context.addIssue({ code: 'custom', message });
    if (row.listener === undefined && row.host === undefined && row.pathPrefix === undefined) {
      wrong('a route needs listener, host or pathPrefix');
    }
    if ((row.node === undefined) === (row.to === undefined)) wrong('a route needs either node or to');
    if (row.to === undefined) ofNode(row, wrong);
    else ofService({ ...row, to: row.to }, wrong);
  });
export type Route = z.infer<typeof route>;

/** All rows. */
export const routeRows = z.array(route).max(mostRows, `a table has at most ${mostRows} rows`);

type Wrong = (message: string) => void;

function ofNode(row: Omit<Route, 'to'>, wrong: Wrong): void {
  const { access, stripPrefix, ownPort, assertion, roles: demanded, methods, timeoutSeconds, ca } = row;
  if (access === 'public') wrong('a node takes no calls without a token: access cannot be public');
  const given = { ca, roles: demanded, methods, timeoutSeconds, stripPrefix, ownPort, assertion };
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined && value !== false) wrong(`${key} goes with to, not with node`);
  }
}

function ofService(row: Route & { to: string }, wrong: Wrong): void {
  let url: UpstreamUrl;
  try {
    url = parseUpstreamUrl(row.to);
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    wrong(errorText(thrown));
    return;
  }
  if (row.ca !== undefined && !url.tls) wrong('ca goes with https:// and grpcs://');
  if (row.access === 'public' && row.roles !== undefined)
    wrong('roles cannot be demanded where access is public');
  if (
    row.stripPrefix === true &&
    (row.pathPrefix === undefined || (endsOpen(row.pathPrefix) && !row.pathPrefix.endsWith('/')))
  ) {
    wrong('stripPrefix needs a pathPrefix of whole segments');
  }
  const grammar = url.protocol === 'grpc' ? /^[\w.]+(\.\*|\/(\*|\w+))$/ : /^[A-Z]{1,32}$/;
  const like =
    url.protocol === 'grpc' ? 'pkg.Service/Method, pkg.Service/* or pkg.*' : 'GET, POST and the like';
  for (const method of row.methods ?? []) {
    if (!grammar.test(method)) wrong(`'${method}' is no method here: write ${like}`);
  }
}

/** What messages call a row: its name, or else its conditions. */
export function rowName({ name, listener, host: called, pathPrefix: path }: Route): string {
  const at = listener === undefined ? '' : ` at ${listener}`;
  return name ?? `${called ?? '*'}${path ?? ''}${at}`;
}
