package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// The vectors that docs/protocol.md speaks of are read as they say.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../../docs/protocol-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Fault, Hex string
		Valid            bool
		Frames           []struct {
			CallID uint32
			Offset uint64
		}
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 30 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		message, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		frames, whole := splitFrames(message)
		fault := ""
		if !whole {
			fault = "message"
		}
		for i := range frames {
			switch f := &frames[i]; {
			case f.fault:
				fault = "frame"
			case bodyError(f) != nil:
				fault = "body"
			}
		}
		if fault != v.Fault {
			t.Errorf("%s: read as fault %q, not %q", v.Name, fault, v.Fault)
		}
		for i, want := range v.Frames {
			if frames[i].call != want.CallID || frames[i].offset != want.Offset {
				t.Errorf("%s: frame %d is %+v", v.Name, i, frames[i])
			}
		}
	}
}

func bodyError(f *frame) (err error) {
	switch f.kind {
	case kindOpen:
		_, err = decodeOpen(f.body)
	case kindHead, kindTrailers:
		_, err = decodeHead(f.body)
	case kindReset:
		_, err = decodeReset(f.body)
	case kindSync:
		_, err = decodeSync(f.body)
	}
	return err
}

// A SYNC that was written is read as it was.
func TestSyncAgain(t *testing.T) {
	s := syncBody{
		calls:        []syncCall{{id: 3, caller: true, sent: 5, granted: 262144, head: true, ended: true}, {id: 8}},
		lastOpenSeen: 8, seenOpen: true, peerSent: 1005, peerGranted: 16908288, answer: true,
	}
	again, err := decodeSync(encodeSync(&s))
	if err != nil || len(again.calls) != 2 || again.calls[0] != s.calls[0] || again.peerGranted != s.peerGranted ||
		again.lastOpenSeen != 8 || !again.answer {
		t.Fatalf("%+v, %v", again, err)
	}
}
