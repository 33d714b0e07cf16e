import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { certificate } from '../../../src/hub/config.js';
import { route } from '../../../src/hub/routes/row.js';
import { checkoutRoot } from '../../support/processes.js';
import { routerOf } from './router-of.js';

const example = z.strictObject({
  listen: z.array(z.string()),
  certificates: z.array(certificate),
  routes: z.array(route),
});

test('the example of docs/routes.md leads each host and path where it says', async () => {
  const text = await readFile(path.join(checkoutRoot, 'docs/routes.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const { listen, routes } = example.parse(parse(yaml));
  const [listener = ''] = listen;
  const router = await routerOf(routes, { listen });
  const service = '/account_auth_service.AccountAuthenticationService';
  const rows: [string, string, string][] = [
    ['auth.example.com', `${service}/IsJwtOk`, 'grpc://127.0.0.1:40052 token'],
    ['auth.example.com', `${service}/UserRegister`, 'grpc://127.0.0.1:40052 public'],
    ['auth.example.com', `${service}/UserRegisterConfirm`, 'grpc://127.0.0.1:40052 public'],
    ['auth.example.com', `${service}/UserRegisterOther`, 'grpc://127.0.0.1:40052 token'],
    [
      'storage.example.com',
      '/account_storage_service.AccountStorageService/GetUser',
      'grpc://127.0.0.1:40053 token',
    ],
    [
      'rooms.example.com',
      '/room_control_service.RoomControlService/ListRooms',
      'grpc://127.0.0.1:40054 token',
    ],
    ['cellar.example.com', '/any.S/M', 'cellar'],
    ['example.com', '/any.S/M', 'hub'],
  ];
  for (const [authority, called, expected] of rows) {
    const to = router.route({ listener, authority, path: called, metadata: [] });
    const said =
      to.kind === 'service'
        ? `${to.service.url} ${to.service.access}`
        : to.kind === 'node'
          ? to.node
          : to.kind;
    assert.equal(said, expected, called);
  }
  const rest = (host: string) => {
    const to = router.routeHttp({ listener, host, path: '/v1/jwt_auth_gateway/' });
    return to.kind === 'service' ? `${to.service.url} ${to.service.access}` : to.kind;
  };
  assert.equal(rest('auth.example.com'), 'http://127.0.0.1:40051 token');
  assert.equal(rest('storage.example.com'), 'hub');
});
