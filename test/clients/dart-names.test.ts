import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { dartFaults } from './dart-names.js';

const file = (name: string, messages: string[], service = '', methods: string[] = []) =>
  create(FileDescriptorProtoSchema, {
    name,
    messageType: messages.map((message) => ({ name: message, nestedType: [{ name: 'Request' }] })),
    service: service === '' ? [] : [{ name: service, method: methods.map((method) => ({ name: method })) }],
  });

test('names that Dart takes for one are found', () => {
  const faults = dartFaults([
    file('a/hub.proto', ['Hub', 'HubClient'], 'Hub', ['List', 'ToString']),
    file('a/Hub.proto', ['Start', 'Start_Request']),
    file('b/hub.proto', ['Hub']),
  ]);
  assert.deepEqual(faults, [
    'a/hub.proto: two types are HubClient',
    'a/hub.proto: Hub has a method toString',
    'a/Hub.proto: another file has this name',
    'a/Hub.proto: no name of a library',
    'a/Hub.proto: two types are Start_Request',
  ]);
});
