import type { DescMethod, DescService } from '@bufbuild/protobuf';

/** Field numbers of `FileDescriptorProto.service` and `ServiceDescriptorProto.method`, which lead to a comment. */
const serviceField = 6;
const methodField = 2;

/**
 * The comment that stands before a service or a method in its `.proto` file, without what steers terminals; '' where the
 * descriptor does not hold it.
 */
export function commentOf(desc: DescService | DescMethod): string {
  const service = desc.kind === 'rpc' ? desc.parent : desc;
  const inFile = [serviceField, service.file.proto.service.indexOf(service.proto)];
  const path =
    desc.kind === 'rpc' ? [...inFile, methodField, service.proto.method.indexOf(desc.proto)] : inFile;
  const location = service.file.proto.sourceCodeInfo?.location.find(
    (one) => one.path.length === path.length && one.path.every((part, i) => part === path[i]),
  );
  const comment = location?.leadingComments ?? '';
  return comment
    .split('\n')
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .join('\n')
    .trim();
}
