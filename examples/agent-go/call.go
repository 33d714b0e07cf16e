package main

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// call is one that a hub made here. Its peer's mutex guards it.
type call struct {
	p        *peer
	id       uint32
	ctx      context.Context
	cancel   context.CancelFunc
	accept   *time.Timer
	deadline *time.Timer
	expires  time.Time
	over     bool
	said     bool

	// The request: bytes received, bytes the server took, the offset that was granted, and those that wait.
	received, passed, granted uint64
	buffer                    []byte
	ended                     bool
	more                      chan struct{}

	// The response: bytes sent, the offset that the hub granted, and how far ahead that is when all was read.
	sent, limit, window uint64
	headed              bool
	chunk               []byte
	queuedAt            time.Time
	turn                chan struct{}
}

// open begins to serve a call. p.mu is held.
func (p *peer) open(f *frame) {
	p.lastOpen, p.seenOpen = f.call, true
	o, err := decodeOpen(f.body)
	switch {
	case err != nil:
		p.fault(f, nil)
		return
	case !p.a.serves():
		p.reset(f.call, false, notServed)
		return
	case len(p.calls) >= min(maxCalls, (p.a.maxMessage()-headerBytes)/syncBytes-2):
		p.reset(f.call, false, &ending{status: codeResourceExhausted, message: "too many calls are open", refused: true})
		return
	}
	c := &call{
		p: p, id: f.call, granted: callWindow, limit: uint64(o.window), window: uint64(o.window),
		more: make(chan struct{}, 1), turn: make(chan struct{}, 1),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.accept = time.AfterFunc(acceptAfter, func() { c.do(c.sayAccept) })
	// More than a century is no deadline.
	if timeout := o.timeoutMs; timeout > 0 && timeout < 100*366*24*3600*1000 {
		c.expires = time.Now().Add(time.Duration(timeout) * time.Millisecond)
		c.deadline = time.AfterFunc(time.Duration(timeout)*time.Millisecond, func() {
			c.fail(&ending{status: codeDeadlineExceeded, message: "the deadline has passed"})
		})
	}
	p.calls[f.call] = c
	p.a.calls.Add(1)
	go c.serve(o)
}

// do runs f while the call is open, and sends what it queued.
func (c *call) do(f func()) {
	c.p.mu.Lock()
	if !c.over {
		f()
	}
	c.p.mu.Unlock()
	notify(c.p.kick)
}

// fail ends the call, unless it is over.
func (c *call) fail(e *ending) { c.do(func() { c.p.fail(c, e) }) }

func (c *call) sayAccept() {
	if !c.said {
		c.said = true
		c.p.put(frame{kind: kindAccept, call: c.id})
	}
}

// data takes bytes of the request. p.mu is held.
func (c *call) data(f *frame) {
	n := uint64(len(f.body))
	c.p.held -= c.charged()
	c.received += n
	c.p.held += c.charged()
	switch {
	case f.offset > c.received-n:
		c.p.fail(c, &ending{status: codeUnavailable, message: "a part of the request was lost on the bus"})
	case f.offset < c.received-n, c.ended:
		c.p.fail(c, &ending{status: codeInternal, message: "bytes of the request came twice or after its end"})
	case c.received > c.granted, c.p.received > c.p.granted:
		c.p.fail(c, &ending{status: codeInternal, message: "more bytes came than were granted"})
	default:
		c.buffer = append(c.buffer, f.body...)
		c.ended = f.flags&flagEnd != 0
		notify(c.more)
	}
}

// serve plays the call into the server.
func (c *call) serve(o openBody) {
	st, err := c.p.a.server.open(c.ctx, c.requestHead(o))
	if err != nil {
		c.fail(&ending{status: codeUnavailable, message: err.Error(), refused: true})
		return
	}
	defer st.close()
	go c.upload(st)
	if err := c.download(st); err != nil {
		var e *ending
		if !errors.As(err, &e) {
			e = &ending{status: codeInternal, message: err.Error()}
		}
		c.fail(e)
	}
}

func (c *call) requestHead(o openBody) []header {
	authority := o.authority
	if authority == "" {
		authority = c.p.a.server.address
	}
	head := []header{
		{":method", "POST"}, {":scheme", "http"}, {":path", o.path}, {":authority", authority}, {"te", "trailers"},
	}
	if !c.expires.IsZero() {
		head = append(head, header{"grpc-timeout", grpcTimeout(time.Until(c.expires))})
	}
	return append(head, metadata(o.metadata)...)
}

// grpcTimeout writes a duration in at most eight digits.
func grpcTimeout(d time.Duration) string {
	n, unit := max(1, (d+time.Millisecond-1)/time.Millisecond), "m"
	for _, longer := range []struct {
		by   time.Duration
		unit string
	}{{1000, "S"}, {60, "M"}, {60, "H"}} {
		if n <= 99_999_999 {
			break
		}
		n, unit = (n+longer.by-1)/longer.by, longer.unit
	}
	return strconv.FormatInt(int64(n), 10) + unit
}

// upload passes the request on, and gives credit back for what the server took.
func (c *call) upload(st *stream) {
	for {
		c.p.mu.Lock()
		chunk, ended, over := c.buffer, c.ended, c.over
		c.buffer = nil
		c.p.mu.Unlock()
		if over {
			return
		}
		if len(chunk) > 0 || ended {
			if st.write(c.ctx, chunk, ended) != nil || ended {
				c.do(func() { c.p.passed(c, len(chunk)) })
				return
			}
			c.do(func() { c.p.passed(c, len(chunk)) })
			continue
		}
		select {
		case <-c.more:
		case <-c.ctx.Done():
			return
		}
	}
}

// download passes the response on. An error is how the call ended without trailers.
func (c *call) download(st *stream) error {
	for first := true; ; {
		e, ok, err := st.poll()
		if err != nil {
			return err
		}
		if !ok {
			// All that is known so far shares a message.
			notify(c.p.kick)
			select {
			case <-st.wake:
				continue
			case <-c.ctx.Done():
				return c.ctx.Err()
			}
		}
		switch {
		case e.headers != nil && first:
			if err := fromHTTP(e.headers); err != nil {
				return err
			}
			if !e.end {
				if err := c.sendHead(e.headers); err != nil {
					return err
				}
			}
			first = false
		case e.headers == nil && first:
			return &ending{status: codeInternal, message: "the server sent data before a head", remote: true}
		case len(e.data) > 0:
			if !c.sendData(e.data) {
				return c.ctx.Err()
			}
			st.consumed(len(e.data))
		}
		if e.end {
			return c.finish(e.headers)
		}
	}
}

func (c *call) sendHead(headers []header) error {
	body := encodeMetadata(metadata(headers))
	if err := c.fits(body); err != nil {
		return err
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if !c.over {
		c.said, c.headed = true, true
		c.p.put(frame{kind: kindHead, call: c.id, body: body})
	}
	return nil
}

// sendData waits until the credit let all bytes go.
func (c *call) sendData(data []byte) bool {
	c.p.mu.Lock()
	if c.over {
		c.p.mu.Unlock()
		return false
	}
	c.chunk, c.queuedAt = data, time.Now()
	c.p.queue = append(c.p.queue, c)
	c.p.pump()
	sent := len(c.chunk) == 0
	c.p.mu.Unlock()
	if !sent {
		notify(c.p.kick)
	}
	select {
	case <-c.turn:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// finish ends the call with the server's trailers.
func (c *call) finish(headers []header) error {
	if !has(headers, "grpc-status") {
		return &ending{status: codeInternal, message: "the server ended the call without a status", remote: true}
	}
	body := encodeMetadata(metadata(headers))
	if err := c.fits(body); err != nil {
		return err
	}
	c.do(func() {
		f := frame{kind: kindTrailers, call: c.id, offset: c.sent, body: body}
		if c.headed {
			f.flags = flagHeaded
		}
		c.p.put(f)
		c.p.end(c)
	})
	return nil
}

// fits says that a body is larger than a message may be.
func (c *call) fits(body []byte) error {
	if limit := c.p.a.maxMessage() - headerBytes; len(body) > limit {
		return &ending{
			status:  codeResourceExhausted,
			message: "the server's metadata of " + strconv.Itoa(len(body)) + " bytes exceed the limit of " + strconv.Itoa(limit),
		}
	}
	return nil
}
