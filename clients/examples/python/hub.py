"""Calls to a Postern hub, and through it to nodes and account services."""

import grpc
from account_auth_service import account_auth_service_pb2 as auth
from account_auth_service import account_auth_service_pb2_grpc as auth_grpc
from external import fluentd_pb2 as fluentd
from external import fluentd_pb2_grpc as fluentd_grpc
from internal import activity_pb2 as activity
from internal import activity_pb2_grpc as activity_grpc
from internal import hub_pb2 as hub
from internal import hub_pb2_grpc as hub_grpc


def connect(address, ca_file=None):
    """A channel to HOST:PORT: with TLS where a file names the authorities to trust, else without."""
    if ca_file is None:
        return grpc.insecure_channel(address)
    with open(ca_file, "rb") as file:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))


def start(channel, token, node, seconds):
    """A call to a node: the metadata `name` says to which."""
    metadata = (("authorization", f"Bearer {token}"), ("name", node))
    answer = fluentd_grpc.FluentdStub(channel).Start(
        fluentd.FluentdStartRequest(), metadata=metadata, timeout=seconds
    )
    return fluentd.FluentdStartStatus.Name(answer.status)


def nodes(channel, token, seconds):
    """A call without a name is for the hub itself."""
    metadata = (("authorization", f"Bearer {token}"),)
    answer = hub_grpc.HubStub(channel).ListClients(hub.HubListClientsRequest(), metadata=metadata, timeout=seconds)
    return [client.name for client in answer.clients]


def watch(channel, token):
    """A server stream: calls that end from now on. Its metadata come at once, and say where it begins."""
    metadata = (("authorization", f"Bearer {token}"),)
    request = activity.ActivityConnectRequest(types=[activity.ACTIVITY_TYPE_REQUEST_PROXIED])
    events = activity_grpc.ActivityStub(channel).Connect(request, metadata=metadata)
    try:
        yield f"from {dict(events.initial_metadata())['x-postern-cursor']}"
        for event in events:
            yield event.message
    finally:
        events.cancel()


def register(channel, email, seconds):
    """An account service behind the hub, which is called by its host name. This method needs no token."""
    accounts = auth_grpc.AccountAuthenticationServiceStub(channel)
    return accounts.UserRegisterRequest(auth.RegisterRequest(email=email), timeout=seconds)


def confirm(channel, email, code, seconds):
    """Ends a registration; the answer has a token for the hub's other services."""
    accounts = auth_grpc.AccountAuthenticationServiceStub(channel)
    proof = auth.RegisterConfirmRequest(email=email, the_verify_code_the_user_need_to_send_back=code)
    return accounts.UserRegisterConfirm(proof, timeout=seconds)


def why(error):
    """What went wrong. `x-postern-error` is the hub's word; without it the server has spoken, or the network."""
    code = dict(error.trailing_metadata() or ()).get("x-postern-error", "-")
    return f"{error.code().name} {code}: {error.details()}"
