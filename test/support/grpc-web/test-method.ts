import { join } from 'node:path';
import type { DescMethod } from '@bufbuild/protobuf';
import { findMethod, protoFileSource } from '../../../src/client/descriptors.js';
import { interopProtoRoot } from '../interop/protos.js';

const types = protoFileSource([join(interopProtoRoot, 'grpc/testing/test.proto')], [interopProtoRoot]);

/** A method of gRPC's TestService. */
export async function testMethod(name: string): Promise<DescMethod> {
  const { method } = await findMethod(await types, `grpc.testing.TestService/${name}`);
  return method;
}
