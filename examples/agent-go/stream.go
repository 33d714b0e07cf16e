package main

import (
	"context"

	"golang.org/x/net/http2"
)

// stream is one call towards the server. One goroutine writes to it, another reads. conn.mu guards its fields.
type stream struct {
	c                   *conn
	id                  uint32
	window              int64
	events              []event
	failure             error
	localEnd, remoteEnd bool
	unreturned          uint32
	// wake has a signal for the reader, room one for the writer.
	wake, room chan struct{}
}

// event is something that the server sent: a head, trailers, or data.
type event struct {
	headers []header
	data    []byte
	end     bool
}

// push keeps an event for the reader. Data is copied.
func (st *stream) push(e event) {
	st.c.mu.Lock()
	defer st.c.mu.Unlock()
	if st.remoteEnd || st.failure != nil {
		return
	}
	last := len(st.events) - 1
	if e.headers == nil && last >= 0 && st.events[last].headers == nil {
		st.events[last].data = append(st.events[last].data, e.data...)
		st.events[last].end = e.end
	} else {
		if e.headers == nil {
			e.data = append([]byte(nil), e.data...)
		}
		st.events = append(st.events, e)
	}
	if e.end {
		st.remoteEnd = true
		st.forgetIfDone()
	}
}

// fail ends the stream for both, the events before it are still to be read.
func (st *stream) fail(err error) {
	st.c.mu.Lock()
	if !st.remoteEnd && st.failure == nil {
		st.failure = err
	}
	st.localEnd = true
	delete(st.c.streams, st.id)
	st.c.mu.Unlock()
	notify(st.room)
	notify(st.wake)
}

// poll gives the next event if there is one, or how the stream failed.
func (st *stream) poll() (e event, ok bool, err error) {
	st.c.mu.Lock()
	defer st.c.mu.Unlock()
	if len(st.events) > 0 {
		e = st.events[0]
		st.events = st.events[1:]
		return e, true, nil
	}
	return e, false, st.failure
}

// consumed gives back what was passed on of the stream's window.
func (st *stream) consumed(n int) {
	st.c.mu.Lock()
	st.unreturned += uint32(n)
	due := st.unreturned
	if due < streamWindow/2 || st.remoteEnd {
		due = 0
	}
	st.unreturned -= due
	st.c.mu.Unlock()
	if due > 0 {
		_ = st.c.write(func() error { return st.c.framer.WriteWindowUpdate(st.id, due) })
	}
}

// write sends bytes as the server's windows allow, and the end of the request. An error means that nobody wants them.
func (st *stream) write(ctx context.Context, p []byte, end bool) error {
	for len(p) > 0 || end {
		n, over := st.take(len(p))
		if over {
			return context.Canceled
		}
		if n == 0 && len(p) > 0 {
			select {
			case <-st.room:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		last := end && n == len(p)
		if err := st.c.write(func() error { return st.c.framer.WriteData(st.id, last, p[:n]) }); err != nil {
			return err
		}
		if last {
			st.c.mu.Lock()
			st.localEnd = true
			st.forgetIfDone()
			st.c.mu.Unlock()
			return nil
		}
		p = p[n:]
	}
	return nil
}

// take reserves up to wanted bytes of both windows.
func (st *stream) take(wanted int) (n int, over bool) {
	st.c.mu.Lock()
	defer st.c.mu.Unlock()
	n = int(max(0, min(int64(wanted), st.window, st.c.window, int64(st.c.maxFrame))))
	st.window -= int64(n)
	st.c.window -= int64(n)
	return n, st.localEnd
}

// forgetIfDone needs conn.mu.
func (st *stream) forgetIfDone() {
	if st.localEnd && st.remoteEnd {
		delete(st.c.streams, st.id)
	}
}

// close ends the stream from this side, where it is still open: with CANCEL, or NO_ERROR after the server's end.
func (st *stream) close() {
	st.c.mu.Lock()
	code := http2.ErrCodeCancel
	if st.remoteEnd {
		code = http2.ErrCodeNo
	}
	st.c.mu.Unlock()
	st.reset(code)
}

func (st *stream) reset(code http2.ErrCode) {
	st.c.mu.Lock()
	_, open := st.c.streams[st.id]
	delete(st.c.streams, st.id)
	st.localEnd = true
	st.c.mu.Unlock()
	notify(st.room)
	if open {
		_ = st.c.write(func() error { return st.c.framer.WriteRSTStream(st.id, code) })
	}
}
