/// A client of a Postern hub: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE
library;

import 'dart:io';

import 'package:grpc/grpc.dart';
import 'package:postern_client/hub.dart';

Future<void> main(List<String> args) async {
  final hub = Uri.parse('hub://${Platform.environment['POSTERN_HUB'] ?? '127.0.0.1:9090'}');
  final token = Platform.environment['POSTERN_TOKEN'] ?? '';
  final seconds = double.parse(Platform.environment['DEADLINE_SECONDS'] ?? '10');
  final wait = Duration(milliseconds: (seconds * 1000).round());
  final channel = connect(hub.host, hub.port, caFile: Platform.environment['POSTERN_HUB_CA']);
  try {
    switch (args) {
      case ['nodes']:
        (await nodes(channel, token, wait)).forEach(print);
      case ['start', final node]:
        print(await start(channel, token, node, wait));
      case ['watch', final events]:
        await watch(channel, token).take(1 + int.parse(events)).forEach(print);
      case ['register', final email]:
        final answer = await register(channel, email, wait);
        final code = answer.theVerifyCodeTheUserNeedToSendBack;
        print(answer.hasError() ? answer.error : '$code ${answer.theEmailTheUserNeedToSendVerifyCodeTo}'.trim());
      case ['confirm', final email, final code]:
        final answer = await confirm(channel, email, code, wait);
        print(answer.hasError() ? answer.error : answer.jwt);
      default:
        stderr.writeln('usage: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE');
        exitCode = 2;
    }
  } on GrpcError catch (error) {
    stderr.writeln(why(error));
    exitCode = 1;
  } finally {
    await channel.shutdown();
  }
}
