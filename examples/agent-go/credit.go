package main

import "time"

// A few KiB of each call are no matter between calls: they are held beside the window of the peer, and may be sent
// when much of that is taken. So many calls that nobody reads stop no other.
const little = 16 << 10

// tight is when so little of the hub's window is free that it lets each call have little on the way.
const tight = 2 * (reserved + callWindow)

// Credit for what the hub sends: offsets that are told to it.

// window is the offset that the hub may send up to, over all calls.
func (p *peer) window() uint64 { return p.received - p.held + peerWindow }

// grant tells of a new window when half of what is free is due.
func (p *peer) grant() {
	if p.window() >= p.granted+(peerWindow-min(p.held, peerWindow))/2 {
		p.grantNow()
	}
}

func (p *peer) grantNow() {
	if p.window() > p.granted {
		p.granted = p.window()
		p.put(frame{kind: kindCredit, offset: p.granted})
	}
}

// charged is how much of the peer's window a call holds.
func (c *call) charged() uint64 {
	if held := c.received - c.passed; held > little {
		return held - little
	}
	return 0
}

// passed counts bytes of a call that its server has taken.
func (p *peer) passed(c *call, n int) {
	p.held -= c.charged()
	c.passed += uint64(n)
	p.held += c.charged()
	p.grantCall(c)
	p.grant()
}

// grantCall tells of a call's new window when enough is due: half of it, or little when calls hold back.
func (p *peer) grantCall(c *call) {
	step := uint64(callWindow / 2)
	if p.held > peerWindow-tight {
		step = little / 2
	}
	if due := c.passed + callWindow; !c.ended && due >= c.granted+step {
		c.granted = due
		p.put(frame{kind: kindCredit, call: c.id, offset: due})
		p.grantNow()
	}
}

// Credit for what we send.

// reserved is what calls with more than little on the way leave of the hub's window to the others.
const reserved = peerWindow / 4

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
	all, own := p.limit-p.sent, c.limit-c.sent
	// c.limit is c.window ahead of what the hub has passed on.
	onTheWay := max(c.sent+c.window, c.limit) - c.limit
	switch {
	case all > reserved:
		all -= reserved
	case onTheWay < little:
		own = min(own, little-onTheWay)
	default:
		return 0
	}
	return int(min(all, own, maxData))
}

// credit takes a grant of the hub, for a call or, without one, for all.
func (p *peer) credit(c *call, offset uint64) {
	if c != nil {
		c.limit = max(c.limit, offset)
	} else {
		p.limit = max(p.limit, min(offset, p.sent+peerWindow))
	}
}
