// The server under test: gRPC over HTTP/2 without TLS, with Go's standard library alone, so that it is cheap.
//
// Echo answers a call with its request; Pull sends as many messages of 64 KiB as the four bytes of its request say;
// Push answers a stream with the count of its bytes. Messages are not decoded.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

const (
	frameHeader  = 5
	messageBytes = 64 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, frameHeader+messageBytes); return &b }}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /bench.Echo/Echo", call(echo))
	mux.HandleFunc("POST /bench.Echo/Pull", call(pull))
	mux.HandleFunc("POST /bench.Echo/Push", call(push))
	server := &http.Server{Handler: mux, Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{
		MaxConcurrentStreams:          1000,
		MaxReceiveBufferPerConnection: 1 << 20,
		MaxReceiveBufferPerStream:     1 << 20,
	}}
	server.Protocols.SetUnencryptedHTTP2(true)
	fmt.Printf("{\"ready\":true,\"listen\":\"%s\"}\n", listener.Addr())
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

// call answers as gRPC does: the handler's error, or that it was well, in the trailers.
func call(handle func(http.ResponseWriter, io.Reader, []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		buffer := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		w.Header()["Content-Type"] = []string{"application/grpc"}
		w.Header()["Date"] = nil
		status := "0"
		if err := handle(w, r.Body, *buffer); err != nil {
			status = "13"
		}
		w.Header()[http.TrailerPrefix+"Grpc-Status"] = []string{status}
	}
}

func echo(w http.ResponseWriter, body io.Reader, buffer []byte) error {
	n, err := io.ReadFull(body, buffer)
	if err != io.ErrUnexpectedEOF {
		return fmt.Errorf("the request is not whole or too large: %v", err)
	}
	_, err = w.Write(buffer[:n])
	return err
}

func pull(w http.ResponseWriter, body io.Reader, buffer []byte) error {
	if _, err := io.ReadFull(body, buffer[:frameHeader+4]); err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(buffer[frameHeader:])
	buffer[0] = 0
	binary.BigEndian.PutUint32(buffer[1:], messageBytes)
	for range count {
		if _, err := w.Write(buffer); err != nil {
			return err
		}
	}
	return nil
}

func push(w http.ResponseWriter, body io.Reader, buffer []byte) error {
	var total uint64
	for {
		n, err := body.Read(buffer)
		total += uint64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	answer := make([]byte, frameHeader+8)
	answer[4] = 8
	binary.BigEndian.PutUint64(answer[frameHeader:], total)
	_, err := w.Write(answer)
	return err
}
