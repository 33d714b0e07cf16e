package main

import (
	"runtime"
	"sync"
	"time"
)

// Limits of docs/protocol.md.
const (
	callWindow   = 256 << 10
	peerWindow   = 16 << 20
	messageBytes = 256 << 10
	maxCalls     = 16384
	syncBytes    = 40
	acceptAfter  = 500 * time.Millisecond
	silentAfter  = 30 * time.Second
	syncEvery    = 10 * time.Second
	starvedAfter = 5 * time.Second
	forgetAfter  = 60 * time.Second
)

// peer is a hub that calls, with the calls that it made here. Its mutex guards it and all these calls; a message, a
// frame and a SYNC that tells of it are made under it, so that the order is right.
type peer struct {
	a       *agent
	subject string

	mu       sync.Mutex
	calls    map[uint32]*call
	lastOpen uint32
	seenOpen bool
	// What the hub sent: bytes received, those that calls hold of the window, and the offset that was granted.
	received, held, granted uint64
	// What we sent, and the offset we may send up to.
	sent, limit uint64
	// queue are calls that have bytes to send, in turn.
	queue []*call

	out      [][]byte
	outBytes int
	kick     chan struct{}
	gone     chan struct{}

	heard, lastSync, idleSince time.Time
	asking                     bool
	lastStarved                time.Time
}

// newPeer is made by the first OPEN. first is the SYNC that came before it, if any.
func newPeer(a *agent, subject string, first *syncBody) *peer {
	now := time.Now()
	p := &peer{
		a: a, subject: subject, calls: map[uint32]*call{}, granted: peerWindow, limit: peerWindow,
		kick: make(chan struct{}, 1), gone: make(chan struct{}), heard: now, idleSince: now,
	}
	if first != nil {
		p.countFrom(first)
	}
	p.sync(true)
	go p.send()
	return p
}

// put queues a frame. Without a link only one message of them is kept; SYNC tells the hub of the others.
func (p *peer) put(f frame) {
	if p.outBytes >= messageBytes && !p.a.linked() {
		return
	}
	b := f.encode()
	p.out = append(p.out, b)
	p.outBytes += len(b)
}

// reset tells that a call is over, or that there is none.
func (p *peer) reset(id uint32, callers bool, e *ending) {
	f := frame{kind: kindReset, call: id, body: encodeReset(e)}
	if callers {
		f.flags = flagFromCaller
	}
	p.put(f)
}

// send publishes what is queued, many frames in a message.
func (p *peer) send() {
	for {
		select {
		case <-p.kick:
			// Let those who have something to say do so first.
			runtime.Gosched()
		case <-p.gone:
			return
		}
		for p.sendMessage() {
		}
	}
}

func (p *peer) sendMessage() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pump()
	if len(p.out) == 0 || !p.a.linked() {
		return false
	}
	limit := min(messageBytes, p.a.maxMessage())
	message := make([]byte, 0, min(p.outBytes, limit))
	n := 0
	for n < len(p.out) && (n == 0 || len(message)+len(p.out[n]) <= limit) {
		message = append(message, p.out[n]...)
		n++
	}
	if p.a.nc.Publish(p.subject, message) != nil {
		return false
	}
	clear(p.out[:n])
	p.out = p.out[n:]
	p.outBytes -= len(message)
	if len(p.out) == 0 {
		p.out = nil
	}
	return true
}

// end forgets a call. What it had not passed on is given back to the hub's window.
func (p *peer) end(c *call) {
	c.over = true
	delete(p.calls, c.id)
	p.held -= c.charged()
	c.buffer = nil
	c.accept.Stop()
	if c.deadline != nil {
		c.deadline.Stop()
	}
	c.cancel()
	notify(c.more)
	for i, q := range p.queue {
		if q == c {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			break
		}
	}
	if len(p.calls) == 0 {
		p.idleSince = time.Now()
	}
	p.grant()
	p.a.calls.Add(-1)
}

// fail ends a call and tells the hub why.
func (p *peer) fail(c *call, e *ending) {
	if !c.over {
		p.end(c)
		p.reset(c.id, false, e)
	}
}

// failAll ends all calls, with a RESET for each when the hub shall know.
func (p *peer) failAll(e *ending) {
	for _, c := range p.calls {
		if e == nil {
			p.end(c)
		} else {
			p.fail(c, e)
		}
	}
}

// forget ends the peer for good.
func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failAll(nil)
	close(p.gone)
}

// tick does what is due by time, a few times a second, and tells whether the peer is to be kept.
func (p *peer) tick(now time.Time, linkedSince time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer notify(p.kick)
	if len(p.calls) == 0 {
		return now.Sub(p.idleSince) < forgetAfter
	}
	if linkedSince.IsZero() {
		return true
	}
	if linkedSince.After(p.heard) {
		p.heard = linkedSince
	}
	if now.Sub(p.heard) >= silentAfter {
		p.failAll(&ending{status: codeUnavailable, message: "the hub has not been heard of for 30 s"})
		return true
	}
	for _, c := range p.calls {
		p.grantCall(c)
	}
	starved := len(p.queue) > 0 && now.Sub(p.queue[0].queuedAt) >= starvedAfter
	switch {
	case p.asking && now.Sub(p.lastSync) >= time.Second, starved && now.Sub(p.lastStarved) >= starvedAfter:
		p.lastStarved = now
		p.sync(true)
	case now.Sub(p.lastSync) >= syncEvery-time.Second:
		p.sync(false)
	}
	return true
}
