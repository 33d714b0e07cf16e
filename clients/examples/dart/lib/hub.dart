/// Calls to a Postern hub, and through it to nodes and account services.
library;

import 'dart:io';

import 'package:grpc/grpc.dart';

import 'gen/account_auth_service/account_auth_service.pbgrpc.dart' as auth;
import 'gen/external/fluentd.pbgrpc.dart' as fluentd;
import 'gen/internal/activity.pbgrpc.dart' as activity;
import 'gen/internal/hub.pbgrpc.dart' as hub;

/// A channel: with TLS where a file names the authorities to trust, else without.
ClientChannel connect(String host, int port, {String? caFile}) {
  final credentials = caFile == null
      ? const ChannelCredentials.insecure()
      : ChannelCredentials.secure(certificates: File(caFile).readAsBytesSync());
  return ClientChannel(host, port: port, options: ChannelOptions(credentials: credentials));
}

/// A call to a node: the metadata `name` says to which.
Future<String> start(ClientChannel channel, String token, String node, Duration wait) async {
  final options = CallOptions(metadata: {'authorization': 'Bearer $token', 'name': node}, timeout: wait);
  final answer = await fluentd.FluentdClient(channel).start(fluentd.FluentdStartRequest(), options: options);
  return answer.status.name;
}

/// A call without a name is for the hub itself.
Future<List<String>> nodes(ClientChannel channel, String token, Duration wait) async {
  final options = CallOptions(metadata: {'authorization': 'Bearer $token'}, timeout: wait);
  final answer = await hub.HubClient(channel).listClients(hub.HubListClientsRequest(), options: options);
  return [for (final client in answer.clients) client.name];
}

/// A server stream: calls that end from now on. Its metadata come at once, and say where it begins.
Stream<String> watch(ClientChannel channel, String token) async* {
  final options = CallOptions(metadata: {'authorization': 'Bearer $token'});
  final request = activity.ActivityConnectRequest()
    ..types.add(activity.ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED);
  final events = activity.ActivityClient(channel).connect(request, options: options);
  try {
    yield 'from ${(await events.headers)['x-postern-cursor']}';
    await for (final event in events) {
      yield event.message;
    }
  } finally {
    await events.cancel();
  }
}

/// An account service behind the hub, which is called by its host name. This method needs no token.
Future<auth.RegisterResponse> register(ClientChannel channel, String email, Duration wait) {
  final accounts = auth.AccountAuthenticationServiceClient(channel);
  return accounts.userRegisterRequest(auth.RegisterRequest()..email = email, options: CallOptions(timeout: wait));
}

/// Ends a registration; the answer has a token for the hub's other services.
Future<auth.RegisterConfirmResponse> confirm(ClientChannel channel, String email, String code, Duration wait) {
  final accounts = auth.AccountAuthenticationServiceClient(channel);
  final proof = auth.RegisterConfirmRequest()
    ..email = email
    ..theVerifyCodeTheUserNeedToSendBack = code;
  return accounts.userRegisterConfirm(proof, options: CallOptions(timeout: wait));
}

/// What went wrong. `x-postern-error` is the hub's word; without it the server has spoken, or the network.
String why(GrpcError error) =>
    '${error.codeName} ${error.trailers?['x-postern-error'] ?? '-'}: ${error.message}';
