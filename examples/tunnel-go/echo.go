package main

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// register adds what is served: health, reflection, and example.Echo, written without generated code.
func register(server *grpc.Server) {
	healthpb.RegisterHealthServer(server, health.NewServer())
	reflection.Register(server)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "example.Echo",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Once", Handler: once}},
		Streams:     []grpc.StreamDesc{{StreamName: "Chat", Handler: chat, ServerStreams: true, ClientStreams: true}},
	}, nil)
}

// once answers a google.protobuf.BytesValue with itself.
func once(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	message := new(wrapperspb.BytesValue)
	return message, read(message)
}

// chat answers each google.protobuf.BytesValue with itself.
func chat(_ any, stream grpc.ServerStream) error {
	for {
		message := new(wrapperspb.BytesValue)
		if err := stream.RecvMsg(message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(message); err != nil {
			return err
		}
	}
}
