package main

import (
	"strings"

	"golang.org/x/net/http2"
)

// Codes of gRPC that an agent gives by itself.
const (
	codeCancelled         = 1
	codeUnknown           = 2
	codeDeadlineExceeded  = 4
	codePermissionDenied  = 7
	codeResourceExhausted = 8
	codeUnimplemented     = 12
	codeInternal          = 13
	codeUnavailable       = 14
	codeUnauthenticated   = 16
)

// ending is how a call ends without trailers: the body of a RESET.
type ending struct {
	status          int
	message         string
	refused, remote bool
}

func (e *ending) Error() string { return e.message }

// fromHTTP2 is gRPC's table of what a reset of a stream means (PROTOCOL-HTTP2.md, "Errors").
func fromHTTP2(code http2.ErrCode) *ending {
	e := &ending{status: codeInternal, message: "the server reset the call: " + code.String(), remote: true}
	switch code {
	case http2.ErrCodeRefusedStream:
		e.status, e.refused = codeUnavailable, true
	case http2.ErrCodeCancel:
		e.status = codeCancelled
	case http2.ErrCodeEnhanceYourCalm:
		e.status = codeResourceExhausted
	case http2.ErrCodeInadequateSecurity:
		e.status = codePermissionDenied
	}
	return e
}

// fromHTTP tells what an answer means that is none of gRPC (http-grpc-status-mapping.md), or nil when it is one.
func fromHTTP(headers []header) *ending {
	var status, contentType string
	for _, h := range headers {
		switch h.name {
		case ":status":
			status = h.value
		case "content-type":
			contentType = h.value
		}
	}
	if has(headers, "grpc-status") || status == "200" && strings.HasPrefix(contentType, "application/grpc") {
		return nil
	}
	e := &ending{
		status: codeUnknown, message: "the server answered HTTP " + status + ", content-type " + contentType, remote: true,
	}
	switch status {
	case "400":
		e.status = codeInternal
	case "401":
		e.status = codeUnauthenticated
	case "403":
		e.status = codePermissionDenied
	case "404":
		e.status = codeUnimplemented
	case "429", "502", "503", "504":
		e.status = codeUnavailable
	}
	return e
}

// metadata leaves out of a head what belongs to HTTP/2 and to this connection only.
func metadata(headers []header) []header {
	kept := make([]header, 0, len(headers))
	for _, h := range headers {
		if !strings.HasPrefix(h.name, ":") && !hopByHop[h.name] {
			kept = append(kept, h)
		}
	}
	return kept
}

var hopByHop = map[string]bool{
	"connection": true, "content-length": true, "grpc-timeout": true, "host": true, "http2-settings": true,
	"keep-alive": true, "proxy-authenticate": true, "proxy-authorization": true, "proxy-connection": true, "te": true,
	"transfer-encoding": true, "upgrade": true,
}

func has(headers []header, name string) bool {
	for _, h := range headers {
		if h.name == name {
			return true
		}
	}
	return false
}
