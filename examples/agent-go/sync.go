package main

import "time"

// SYNC finds what gaps in the offsets do not show: lost messages at the end of a call, and lost credit.

// sync queues a SYNC that tells of all calls.
func (p *peer) sync(answer bool) {
	s := syncBody{
		lastOpenSeen: p.lastOpen, seenOpen: p.seenOpen, peerSent: p.sent, answer: answer,
		calls: make([]syncCall, 0, len(p.calls)),
	}
	p.granted = max(p.granted, p.window())
	s.peerGranted = p.granted
	for id, c := range p.calls {
		s.calls = append(s.calls, syncCall{id: id, sent: c.sent, granted: c.granted, head: c.headed})
	}
	p.lastSync = time.Now()
	p.put(frame{kind: kindSync, body: encodeSync(&s)})
}

// countFrom takes the counts over all calls from a SYNC.
func (p *peer) countFrom(s *syncBody) {
	if s.peerSent < p.received {
		// The hub has begun anew.
		p.granted = 0
	}
	p.received = s.peerSent
	p.granted = max(p.granted, p.window())
	p.credit(nil, s.peerGranted)
}

// hearSync compares what the hub knows with what is known here.
func (p *peer) hearSync(s *syncBody) {
	p.asking = false
	listed := make(map[uint32]bool, len(s.calls))
	lost := &ending{status: codeUnavailable, message: "a part of the call was lost on the bus"}
	p.sweep(s, listed)
	p.countFrom(s)
	for i := range s.calls {
		theirs := &s.calls[i]
		c := p.calls[theirs.id]
		switch {
		case !theirs.caller:
			// It serves a call that we never made.
			p.reset(theirs.id, true, &ending{status: codeUnavailable, message: "the call is not known here"})
		case c == nil:
			p.reset(theirs.id, false, p.unknown(theirs.id))
		case theirs.sent > c.received || theirs.ended && !c.ended:
			p.fail(c, lost)
		case theirs.sent < c.received:
			p.fail(c, &ending{status: codeInternal, message: "SYNC tells of fewer bytes than have come"})
		default:
			p.credit(c, theirs.granted)
		}
	}
	p.grant()
	if s.answer {
		p.sync(false)
	}
}

// sweep ends the calls that the hub has ended. They are over before bytes are counted anew.
func (p *peer) sweep(s *syncBody, listed map[uint32]bool) {
	for i := range s.calls {
		if s.calls[i].caller {
			listed[s.calls[i].id] = true
		}
	}
	for id, c := range p.calls {
		if !listed[id] {
			p.end(c)
		}
	}
}

// unknown tells the hub that it speaks of a call that is not known: it may be tried elsewhere if its OPEN was lost.
func (p *peer) unknown(id uint32) *ending {
	return &ending{
		status: codeUnavailable, message: "the call is not known here", refused: p.seenOpen && higher(id, p.lastOpen),
	}
}

// higher compares ids, which begin again after 2^32 - 1.
func higher(a, b uint32) bool { return a != b && a-b < 1<<31 }
