"""main.py nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE"""

import os
import sys
from itertools import islice

import grpc
import hub


def main(command, argument="", code=""):
    token = os.environ.get("POSTERN_TOKEN", "")
    seconds = float(os.environ.get("DEADLINE_SECONDS", "10"))
    address = os.environ.get("POSTERN_HUB", "127.0.0.1:9090")
    with hub.connect(address, os.environ.get("POSTERN_HUB_CA")) as channel:
        if command == "nodes":
            print("\n".join(hub.nodes(channel, token, seconds)))
        elif command == "start":
            print(hub.start(channel, token, argument, seconds))
        elif command == "watch":
            for line in islice(hub.watch(channel, token), 1 + int(argument)):
                print(line, flush=True)
        elif command == "register":
            answer = hub.register(channel, argument, seconds)
            code = answer.the_verify_code_the_user_need_to_send_back
            print(answer.error or f"{code} {answer.the_email_the_user_need_to_send_verify_code_to}".strip())
        elif command == "confirm":
            answer = hub.confirm(channel, argument, code, seconds)
            print(answer.error or answer.jwt)
        else:
            sys.exit(__doc__)


try:
    main(*sys.argv[1:])
except grpc.RpcError as error:
    sys.exit(hub.why(error))
