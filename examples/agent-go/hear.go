package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// onMessage hears postern.call.<our node>.<our instance>.<from>.<its instance>, one message after another.
func (a *agent) onMessage(m *nats.Msg) {
	tokens := strings.Split(m.Subject, ".")
	if len(tokens) != 6 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if tokens[3] != a.instance {
		return
	}
	subject := strings.Join([]string{"postern.call", tokens[4], tokens[5], a.node, a.instance}, ".")
	frames, whole := splitFrames(m.Data)
	if !whole {
		a.faults.Add(1)
	}
	p := a.peers[subject]
	if p != nil {
		p.mu.Lock()
	}
	var first *syncBody
	left := mostWork
	for i := range frames {
		f := &frames[i]
		if left -= f.work(int(a.calls.Load())); left < 0 {
			a.faults.Add(1)
			break
		}
		switch {
		case (f.kind == kindPing || f.kind == kindPong) && f.fault:
			a.faults.Add(1)
		case f.kind == kindPing:
			a.pinged.Store(time.Now().UnixNano())
			if f.body[0] == 1 {
				a.ready.Do(func() { fmt.Printf("{\"ready\":true,\"instance\":%q}\n", a.instance) })
			}
			pong := frame{kind: kindPong, body: f.body}
			_ = a.nc.Publish(subject, pong.encode())
		case p != nil:
			p.hear(f)
		case f.kind == kindOpen && !f.fault && a.serves():
			p = newPeer(a, subject, first)
			a.peers[subject] = p
			p.mu.Lock()
			p.hear(f)
		default:
			first = a.hearStranger(subject, f, first)
		}
	}
	switch {
	case p != nil:
		p.heard = time.Now()
		p.mu.Unlock()
		notify(p.kick)
	case first != nil:
		a.answerSync(subject, first)
	}
}

// answerSync tells a process for which there is no state that none of its calls is known here.
func (a *agent) answerSync(subject string, s *syncBody) {
	if s.answer {
		nothing := frame{kind: kindSync, body: encodeSync(&syncBody{peerGranted: peerWindow})}
		_ = a.nc.Publish(subject, nothing.encode())
	}
	e := &ending{status: codeUnavailable, message: "the call is not known here"}
	for _, c := range s.calls {
		if !a.unknown.allow() {
			return
		}
		reset := frame{kind: kindReset, call: c.id, body: encodeReset(e)}
		if !c.caller {
			reset.flags = flagFromCaller
		}
		_ = a.nc.Publish(subject, reset.encode())
	}
}

// hearStranger answers a process for which there is no state, and makes none. It keeps the last SYNC of a message.
func (a *agent) hearStranger(subject string, f *frame, first *syncBody) *syncBody {
	e := &ending{status: codeUnavailable, message: "the call is not known here"}
	switch {
	case f.fault:
		a.faults.Add(1)
		e = &ending{status: codeInternal, message: "the frame breaks the protocol"}
		if f.call == 0 || f.kind == kindReset {
			return first
		}
	case f.kind == kindSync:
		s, err := decodeSync(f.body)
		if err != nil {
			a.faults.Add(1)
			return first
		}
		return &s
	case f.kind == kindOpen:
		e = notServed
	case f.kind != kindData && f.kind != kindHead && f.kind != kindAccept || !a.unknown.allow():
		return first
	}
	reset := frame{kind: kindReset, call: f.call, body: encodeReset(e), flags: flagFromCaller &^ f.flags}
	_ = a.nc.Publish(subject, reset.encode())
	return first
}

var notServed = &ending{status: codeUnavailable, message: "no new calls are taken here", refused: true}

// hear takes one frame from a hub that is known. p.mu is held.
func (p *peer) hear(f *frame) {
	var c *call
	if f.fromCaller() {
		c = p.calls[f.call]
	}
	if f.fault {
		p.fault(f, c)
		return
	}
	switch f.kind {
	case kindOpen:
		if c != nil {
			p.fail(c, &ending{status: codeInternal, message: "the call was opened twice"})
		} else {
			p.open(f)
		}
	case kindData:
		p.received += uint64(len(f.body))
		if c != nil {
			c.data(f)
		} else {
			p.stray(f)
		}
		p.grant()
	case kindHead, kindAccept:
		p.stray(f)
	case kindReset:
		if _, err := decodeReset(f.body); err != nil {
			p.a.faults.Add(1)
		}
		if c != nil {
			p.end(c)
		}
	case kindCredit:
		if f.call == 0 || c != nil {
			p.credit(c, f.offset)
		}
	case kindSync:
		if s, err := decodeSync(f.body); err != nil {
			p.a.faults.Add(1)
		} else {
			p.hearSync(&s)
		}
	}
}

// fault answers a frame that breaks the protocol. It ends its call, and nothing else.
func (p *peer) fault(f *frame, c *call) {
	p.a.faults.Add(1)
	if f.kind == kindData {
		p.received += uint64(len(f.body))
		p.grant()
	}
	if c != nil {
		p.end(c)
	}
	if f.call != 0 && f.kind != kindReset {
		p.reset(f.call, !f.fromCaller(), &ending{status: codeInternal, message: "the frame breaks the protocol"})
	}
}

// stray answers a frame of a call that is not known, though not all of many.
func (p *peer) stray(f *frame) {
	if !p.a.unknown.allow() {
		return
	}
	if f.fromCaller() {
		p.reset(f.call, false, p.unknown(f.call))
	} else {
		p.reset(f.call, true, &ending{status: codeUnavailable, message: "the call is not known here"})
	}
}
