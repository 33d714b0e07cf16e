package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	auth "postern.example/stubs/account_auth_service"
	"postern.example/stubs/external"
	"postern.example/stubs/hub"
)

// connect makes a client connection to HOST:PORT: with TLS where a file names the authorities to trust, else without.
func connect(address, caFile string) (*grpc.ClientConn, error) {
	if caFile == "" {
		return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots})))
}

// withToken says who calls.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// start calls a node: the metadata "name" say which. The deadline is that of the context.
func start(ctx context.Context, conn *grpc.ClientConn, token, node string) (string, error) {
	ctx = metadata.AppendToOutgoingContext(withToken(ctx, token), "name", node)
	var trailer metadata.MD
	answer, err := external.NewFluentdClient(conn).Start(ctx, &external.FluentdStartRequest{}, grpc.Trailer(&trailer))
	if err != nil {
		return "", why(err, trailer)
	}
	return answer.GetStatus().String(), nil
}

// why says what went wrong. x-postern-error is the hub's word; without it the server has spoken, or the network.
func why(err error, trailer metadata.MD) error {
	code := "-"
	if said := trailer.Get("x-postern-error"); len(said) > 0 {
		code = said[0]
	}
	return fmt.Errorf("%s %s: %s", status.Code(err), code, status.Convert(err).Message())
}

// nodes calls the hub itself, as a call without a name does.
func nodes(ctx context.Context, conn *grpc.ClientConn, token string) ([]string, error) {
	answer, err := hub.NewHubClient(conn).ListClients(withToken(ctx, token), &hub.HubListClientsRequest{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, client := range answer.GetClients() {
		names = append(names, client.GetName())
	}
	return names, nil
}

// watch follows the calls that end from now on, a server stream. Its metadata come at once, and say where it begins.
func watch(ctx context.Context, conn *grpc.ClientConn, token string, events int) error {
	ctx, leave := context.WithCancel(withToken(ctx, token))
	defer leave()
	stream, err := hub.NewActivityClient(conn).Connect(ctx, &hub.ActivityConnectRequest{
		Types: []hub.ActivityType{hub.ActivityType_ACTIVITY_TYPE_REQUEST_PROXIED},
	})
	if err != nil {
		return err
	}
	// Without metadata the stream has ended at once: Recv tells why.
	if header, _ := stream.Header(); len(header.Get("x-postern-cursor")) > 0 {
		fmt.Println("from", header.Get("x-postern-cursor")[0])
	}
	for range events {
		event, err := stream.Recv()
		if err != nil {
			return err
		}
		fmt.Println(event.GetMessage())
	}
	return nil
}

// register calls an account service behind the hub, by its host name. This method needs no token.
func register(ctx context.Context, conn *grpc.ClientConn, email string) (*auth.RegisterResponse, error) {
	accounts := auth.NewAccountAuthenticationServiceClient(conn)
	return accounts.UserRegisterRequest(ctx, &auth.RegisterRequest{Email: email})
}

// confirm ends a registration; the answer has a token for the hub's other services.
func confirm(ctx context.Context, conn *grpc.ClientConn, email, code string) (*auth.RegisterConfirmResponse, error) {
	accounts := auth.NewAccountAuthenticationServiceClient(conn)
	return accounts.UserRegisterConfirm(ctx, &auth.RegisterConfirmRequest{
		Email:                              email,
		TheVerifyCodeTheUserNeedToSendBack: code,
	})
}
