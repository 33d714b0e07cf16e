package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamWindow    = 256 << 10
	connWindow      = 1 << 30
	returnAt        = 256 << 10
	maxHeaderList   = 1 << 20
	writeTimeout    = 30 * time.Second
	preface         = http2.ClientPreface
	specWindow      = 65535
	specFrame       = 16 << 10
	specTable       = 4096
	frameHeaderSize = 9
)

// conn is one connection to the server. The frames of HTTP/2 are written here, not by net/http, because an agent has
// to keep the order of headers, to know how a stream ended, and to give windows back only as bytes are passed on.
type conn struct {
	nc net.Conn

	// wmu guards what is written. It is never taken while mu is held.
	wmu     sync.Mutex
	out     *bufio.Writer
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder

	mu            sync.Mutex
	streams       map[uint32]*stream
	nextID        uint32
	maxStreams    uint32
	window        int64
	initialWindow int64
	maxFrame      int
	leaving       bool
	lost          error
	settled       chan struct{}

	in *bufio.Reader
	// touched are streams with news for their readers, who are woken when there is nothing more to read just now.
	touched []*stream
	owed    uint32
}

func newConn(ctx context.Context, nc net.Conn) (*conn, error) {
	c := &conn{
		nc: nc, out: bufio.NewWriterSize(nc, 64<<10), in: bufio.NewReaderSize(nc, 64<<10),
		streams: map[uint32]*stream{}, nextID: 1, maxStreams: 1 << 31, window: specWindow, initialWindow: specWindow,
		maxFrame: specFrame, settled: make(chan struct{}),
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.ReadMetaHeaders = hpack.NewDecoder(specTable, nil)
	c.framer.MaxHeaderListSize = maxHeaderList
	c.encoder = hpack.NewEncoder(&c.block)
	err := c.write(func() error {
		if _, err := c.out.WriteString(preface); err != nil {
			return err
		}
		err := c.framer.WriteSettings(
			http2.Setting{ID: http2.SettingEnablePush, Val: 0},
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeaderList},
		)
		if err != nil {
			return err
		}
		return c.framer.WriteWindowUpdate(0, connWindow-specWindow)
	})
	if err != nil {
		return nil, err
	}
	go c.read()
	select {
	case <-c.settled:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c, c.lost
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// state says whether the connection takes streams, and whether it is over.
func (c *conn) state() (usable, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost == nil && !c.leaving && len(c.streams) < int(c.maxStreams), c.lost != nil
}

// write writes frames and sends them off. An error ends the connection.
func (c *conn) write(frames func() error) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	_ = c.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
	err := frames()
	if err == nil {
		err = c.out.Flush()
	}
	if err != nil {
		_ = c.nc.Close()
	}
	return err
}

// open begins a stream with a head, or gives nil when the connection takes no more.
func (c *conn) open(headers []header) *stream {
	var st *stream
	_ = c.write(func() error {
		c.mu.Lock()
		if c.lost != nil || c.leaving || len(c.streams) >= int(c.maxStreams) {
			c.mu.Unlock()
			return nil
		}
		st = &stream{
			c: c, id: c.nextID, window: c.initialWindow, wake: make(chan struct{}, 1), room: make(chan struct{}, 1),
		}
		c.nextID += 2
		c.leaving = c.nextID > 1<<30
		c.streams[st.id] = st
		maxFrame := c.maxFrame
		c.mu.Unlock()

		c.block.Reset()
		for _, h := range headers {
			if err := c.encoder.WriteField(hpack.HeaderField{Name: h.name, Value: h.value}); err != nil {
				return err
			}
		}
		b := c.block.Bytes()
		first := b[:min(len(b), maxFrame)]
		b = b[len(first):]
		err := c.framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: st.id, BlockFragment: first, EndHeaders: len(b) == 0,
		})
		for len(b) > 0 && err == nil {
			part := b[:min(len(b), maxFrame)]
			b = b[len(part):]
			err = c.framer.WriteContinuation(st.id, len(b) == 0, part)
		}
		return err
	})
	return st
}

// read hears the server until the connection ends.
func (c *conn) read() {
	for {
		if !c.frameWaits() {
			c.wakeTouched()
		}
		f, err := c.framer.ReadFrame()
		var broken http2.StreamError
		switch {
		case err == nil:
			err = c.hear(f)
		case errors.As(err, &broken):
			if st := c.stream(broken.StreamID); st != nil {
				st.fail(&ending{status: codeInternal, message: "the server sent what HTTP/2 forbids", remote: true})
			}
			err = c.write(func() error { return c.framer.WriteRSTStream(broken.StreamID, broken.Code) })
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

// frameWaits tells whether a whole frame has been received already.
func (c *conn) frameWaits() bool {
	buffered := c.in.Buffered()
	if buffered < frameHeaderSize {
		return false
	}
	b, err := c.in.Peek(3)
	return err == nil && frameHeaderSize+int(b[0])<<16+int(b[1])<<8+int(b[2]) <= buffered
}

func (c *conn) wakeTouched() {
	for i, st := range c.touched {
		notify(st.wake)
		c.touched[i] = nil
	}
	c.touched = c.touched[:0]
}

func (c *conn) stream(id uint32) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[id]
}

// end gives up all streams. Which of them the server has seen is not known.
func (c *conn) end(err error) {
	_ = c.nc.Close()
	c.wakeTouched()
	c.mu.Lock()
	c.lost = err
	streams := c.streams
	c.streams = map[uint32]*stream{}
	select {
	case <-c.settled:
	default:
		close(c.settled)
	}
	c.mu.Unlock()
	for _, st := range streams {
		st.fail(&ending{status: codeUnavailable, message: "the connection to the server was lost: " + err.Error()})
	}
}

// notify wakes whoever waits on a channel with room for one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
