package main

import (
	"errors"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// The bodies of frames, as proto/postern/bus/v1/frame.proto defines them, read and written field by field.

var errBody = errors.New("the body does not decode")

// header is a name and a value, the value as bytes on the wire of HTTP/2.
type header struct{ name, value string }

type openBody struct {
	path, authority string
	metadata        []header
	timeoutMs       uint64
	window          uint32
}

type syncCall struct {
	id            uint32
	caller        bool
	sent, granted uint64
	head, ended   bool
}

type syncBody struct {
	calls                 []syncCall
	lastOpenSeen          uint32
	seenOpen              bool
	peerSent, peerGranted uint64
	answer                bool
}

// fields calls varint and bytes for each field of a body. Unknown ones are for them to pass over.
func fields(b []byte, varint func(protowire.Number, uint64), bytes func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errBody
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return errBody
			}
			b = b[n:]
			varint(number, v)
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return errBody
			}
			b = b[n:]
			if err := bytes(number, v); err != nil {
				return err
			}
		default:
			n := protowire.ConsumeFieldValue(number, kind, b)
			if n < 0 {
				return errBody
			}
			b = b[n:]
		}
	}
	return nil
}

func noVarint(protowire.Number, uint64) {}

func noBytes(protowire.Number, []byte) error { return nil }

func decodeOpen(b []byte) (o openBody, err error) {
	var metadata []string
	err = fields(b, func(number protowire.Number, v uint64) {
		switch number {
		case 4:
			o.timeoutMs = v
		case 6:
			o.window = uint32(v)
		}
	}, func(number protowire.Number, v []byte) error {
		if number <= 5 && !utf8.Valid(v) {
			return errBody
		}
		switch number {
		case 1:
			o.path = string(v)
		case 2:
			o.authority = string(v)
		case 3:
			metadata = append(metadata, string(v))
		}
		return nil
	})
	if err == nil {
		o.metadata, err = decodeMetadata(metadata)
	}
	if err == nil {
		o.path, err = onTheWire(o.path)
	}
	if err == nil {
		o.authority, err = onTheWire(o.authority)
	}
	if err == nil && (!strings.HasPrefix(o.path, "/") || strings.ContainsAny(o.path, " \t")) {
		err = errBody
	}
	return o, err
}

// decodeHead reads Head and Trailers, which look the same. A callee only needs it for tests.
func decodeHead(b []byte) ([]header, error) {
	var metadata []string
	err := fields(b, noVarint, func(number protowire.Number, v []byte) error {
		if number == 1 {
			if !utf8.Valid(v) {
				return errBody
			}
			metadata = append(metadata, string(v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return decodeMetadata(metadata)
}

// decodeMetadata checks names and values in turn.
func decodeMetadata(list []string) ([]header, error) {
	if len(list)%2 != 0 {
		return nil, errBody
	}
	headers := make([]header, 0, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		if list[i] == "" || strings.ContainsFunc(list[i], func(r rune) bool { return !tokenChar(r) }) {
			return nil, errBody
		}
		value, err := onTheWire(list[i+1])
		if err != nil {
			return nil, err
		}
		headers = append(headers, header{list[i], value})
	}
	return headers, nil
}

// onTheWire makes of each character one byte, as HTTP/2 carries it.
func onTheWire(text string) (string, error) {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff || r == 0x7f || (r < ' ' && r != '\t') {
			return "", errBody
		}
		b = append(b, byte(r))
	}
	return string(b), nil
}

func tokenChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// encodeMetadata gives the body of a HEAD or TRAILERS frame.
func encodeMetadata(headers []header) (b []byte) {
	for _, h := range headers {
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendString(b, h.name)
		value := make([]rune, len(h.value))
		for i := range len(h.value) {
			value[i] = rune(h.value[i])
		}
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendString(b, string(value))
	}
	return b
}

// decodeReset only checks a RESET: whatever it says, the call is over.
func decodeReset(b []byte) (status uint64, err error) {
	err = fields(b, func(number protowire.Number, v uint64) {
		if number == 1 {
			status = v
		}
	}, func(number protowire.Number, v []byte) error {
		if number == 2 && !utf8.Valid(v) {
			return errBody
		}
		return nil
	})
	if err == nil && (status < 1 || status > 16) {
		err = errBody
	}
	return status, err
}

func encodeReset(e *ending) (b []byte) {
	b = appendVarint(b, 1, uint64(e.status))
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	b = protowire.AppendString(b, shorten(e.message, 2048))
	b = appendVarint(b, 3, protowire.EncodeBool(e.refused))
	return appendVarint(b, 4, protowire.EncodeBool(e.remote))
}

// shorten cuts a text to so many characters, and makes it UTF-8.
func shorten(text string, characters int) string {
	runes := []rune(strings.ToValidUTF8(text, "?"))
	return string(runes[:min(len(runes), characters)])
}

func decodeSync(b []byte) (s syncBody, err error) {
	err = fields(b, func(number protowire.Number, v uint64) {
		switch number {
		case 2:
			s.lastOpenSeen, s.seenOpen = uint32(v), true
		case 3:
			s.peerSent = v
		case 4:
			s.peerGranted = v
		case 5:
			s.answer = v != 0
		}
	}, func(number protowire.Number, v []byte) error {
		if number != 1 {
			return nil
		}
		var c syncCall
		err := fields(v, func(number protowire.Number, v uint64) {
			switch number {
			case 1:
				c.id = uint32(v)
			case 2:
				c.caller = v != 0
			case 3:
				c.sent = v
			case 4:
				c.granted = v
			case 5:
				c.head = v != 0
			case 6:
				c.ended = v != 0
			}
		}, noBytes)
		s.calls = append(s.calls, c)
		return err
	})
	return s, err
}

func encodeSync(s *syncBody) (b []byte) {
	for _, c := range s.calls {
		var inner []byte
		inner = appendVarint(inner, 1, uint64(c.id))
		inner = appendVarint(inner, 2, protowire.EncodeBool(c.caller))
		inner = appendVarint(inner, 3, c.sent)
		inner = appendVarint(inner, 4, c.granted)
		inner = appendVarint(inner, 5, protowire.EncodeBool(c.head))
		inner = appendVarint(inner, 6, protowire.EncodeBool(c.ended))
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendBytes(b, inner)
	}
	if s.seenOpen {
		b = protowire.AppendTag(b, 2, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(s.lastOpenSeen))
	}
	b = appendVarint(b, 3, s.peerSent)
	b = appendVarint(b, 4, s.peerGranted)
	return appendVarint(b, 5, protowire.EncodeBool(s.answer))
}

// appendVarint leaves out zeros, as proto3 does.
func appendVarint(b []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), v)
}
