package main

import "encoding/binary"

// What docs/protocol.md calls frames: a header of 20 bytes, then a body.
const (
	kindOpen     = 1
	kindHead     = 2
	kindData     = 3
	kindTrailers = 4
	kindReset    = 5
	kindCredit   = 6
	kindPing     = 7
	kindPong     = 8
	kindSync     = 9
	kindAccept   = 10

	flagEnd        = 0x01
	flagHeaded     = 0x02
	flagFromCaller = 0x80

	headerBytes = 20
	maxOffset   = 1 << 53
	maxData     = 64 << 10
	// mostWork bounds what one message can make this process do.
	mostWork = 32_768
)

// flagsOf tells which flags each kind may have; callNeeded, whether it must name a call.
var (
	flagsOf = [...]byte{
		kindOpen: flagFromCaller, kindHead: 0, kindData: flagFromCaller | flagEnd, kindTrailers: flagHeaded,
		kindReset: flagFromCaller, kindCredit: flagFromCaller, kindPing: 0, kindPong: 0, kindSync: 0, kindAccept: 0,
	}
	callNeeded = [...]bool{
		kindOpen: true, kindHead: true, kindData: true, kindTrailers: true, kindReset: true, kindAccept: true,
	}
)

type frame struct {
	kind, flags byte
	call        uint32
	offset      uint64
	body        []byte
	// fault says that the header breaks a rule; the frame's length is right all the same.
	fault bool
}

// fromCaller tells whose call it is: true for one that the sender made.
func (f *frame) fromCaller() bool { return f.flags&flagFromCaller != 0 }

// splitFrames cuts a message into its frames; whole is false when the end of it is no frame.
func splitFrames(message []byte) (frames []frame, whole bool) {
	for len(message) >= headerBytes {
		length := uint64(binary.BigEndian.Uint32(message[16:]))
		if uint64(len(message)-headerBytes) < length {
			return frames, false
		}
		f := frame{
			kind:   message[0],
			flags:  message[1],
			call:   binary.BigEndian.Uint32(message[4:]),
			offset: binary.BigEndian.Uint64(message[8:]),
			body:   message[headerBytes : headerBytes+length],
		}
		f.fault = message[2] != 0 || message[3] != 0 || f.offset >= maxOffset || !f.allowed()
		frames = append(frames, f)
		message = message[headerBytes+length:]
	}
	return frames, len(message) == 0 && len(frames) > 0
}

func (f *frame) allowed() bool {
	switch {
	case f.kind < kindOpen || f.kind > kindAccept || f.flags&^flagsOf[f.kind] != 0:
		return false
	case f.kind == kindOpen && !f.fromCaller():
		return false
	case f.kind == kindData && f.flags&flagEnd != 0 && !f.fromCaller():
		return false
	case f.kind == kindCredit:
		return true
	case f.kind == kindPing || f.kind == kindPong:
		return f.call == 0 && len(f.body) == 8
	}
	return callNeeded[f.kind] == (f.call != 0)
}

// work is what a frame costs of mostWork, with so many calls open. A SYNC that lists more than may be open costs all.
func (f *frame) work(calls int) int {
	switch f.kind {
	case kindOpen:
		return 4
	case kindPing:
		return 16
	case kindSync:
		if len(f.body) > maxCalls*syncBytes {
			return mostWork + 1
		}
		return 64 + (calls+len(f.body)/syncBytes)/2
	}
	return 1
}

// encode gives the frame's bytes.
func (f *frame) encode() []byte {
	b := make([]byte, headerBytes, headerBytes+len(f.body))
	b[0], b[1] = f.kind, f.flags
	binary.BigEndian.PutUint32(b[4:], f.call)
	binary.BigEndian.PutUint64(b[8:], f.offset)
	binary.BigEndian.PutUint32(b[16:], uint32(len(f.body)))
	return append(b, f.body...)
}
