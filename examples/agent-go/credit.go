package main

import "time"

// Credit for what the hub sends: offsets that are told to it.

// window is the offset that the hub may send up to, over all calls.
func (p *peer) window() uint64 { return p.received - p.held + peerWindow }

// grant tells of a new window when half of it is due.
func (p *peer) grant() {
	if p.window() >= p.granted+peerWindow/2 {
		p.grantNow()
	}
}

func (p *peer) grantNow() {
	if p.window() > p.granted {
		p.granted = p.window()
		p.put(frame{kind: kindCredit, offset: p.granted})
	}
}

// passed counts bytes of a call that its server has taken.
func (p *peer) passed(c *call, n int) {
	if c.over {
		return
	}
	c.passed += uint64(n)
	p.held -= uint64(n)
	if due := c.passed + callWindow; !c.ended && due >= c.granted+callWindow/2 {
		c.granted = due
		p.put(frame{kind: kindCredit, call: c.id, offset: due})
		p.grantNow()
	}
	p.grant()
}

// Credit for what we send.

const (
	// A call with much on the way leaves this much of the hub's window to calls with little.
	reserved = peerWindow / 4
	little   = 64 << 10
)

// pump queues as much data as the credit, the link and the outbox have room for, a frame for each call in turn.
func (p *peer) pump() {
	waiting := p.queue
	p.queue = p.queue[:0]
	for _, c := range waiting {
		n := min(len(c.chunk), p.room(c))
		if n > 0 {
			p.put(frame{kind: kindData, call: c.id, offset: c.sent, body: c.chunk[:n]})
			c.chunk = c.chunk[n:]
			c.sent += uint64(n)
			p.sent += uint64(n)
			c.queuedAt = time.Now()
		}
		if len(c.chunk) > 0 {
			p.queue = append(p.queue, c)
		} else {
			notify(c.turn)
		}
	}
	clear(waiting[len(p.queue):])
}

// room is how many bytes a call may send now.
func (p *peer) room(c *call) int {
	if !p.a.linked() || p.outBytes >= messageBytes || c.sent >= c.limit || p.sent >= p.limit {
		return 0
	}
	all := p.limit - p.sent
	// c.limit was c.window ahead of what the hub had passed on.
	if c.sent+c.window > c.limit+little {
		if all <= reserved {
			return 0
		}
		all -= reserved
	}
	return int(min(all, c.limit-c.sent, maxData))
}

// credit takes a grant of the hub, for a call or, without one, for all.
func (p *peer) credit(c *call, offset uint64) {
	if c != nil {
		c.limit = max(c.limit, offset)
	} else {
		p.limit = max(p.limit, min(offset, p.sent+peerWindow))
	}
}
