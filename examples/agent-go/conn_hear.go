package main

import (
	"errors"
	"strings"

	"golang.org/x/net/http2"
)

// hear takes one frame of HTTP/2 from the server. An error ends the connection.
func (c *conn) hear(f http2.Frame) error {
	id := f.Header().StreamID
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return c.settings(f)
	case *http2.PingFrame:
		if f.IsAck() {
			return nil
		}
		return c.write(func() error { return c.framer.WritePing(true, f.Data) })
	case *http2.WindowUpdateFrame:
		c.addRoom(id, int64(f.Increment))
	case *http2.GoAwayFrame:
		c.goAway(f)
	case *http2.RSTStreamFrame:
		if st := c.stream(id); st != nil {
			st.fail(fromHTTP2(f.ErrCode))
			c.touched = append(c.touched, st)
		}
	case *http2.MetaHeadersFrame:
		if st := c.stream(id); st != nil {
			c.head(st, f)
		}
	case *http2.DataFrame:
		return c.data(f)
	case *http2.PushPromiseFrame:
		return errors.New("the server pushed")
	}
	return nil
}

func (c *conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	table := uint32(specTable)
	hasTable := false
	c.mu.Lock()
	err := f.ForeachSetting(func(s http2.Setting) error {
		switch s.ID {
		case http2.SettingInitialWindowSize:
			for _, st := range c.streams {
				st.window += int64(s.Val) - c.initialWindow
				notify(st.room)
			}
			c.initialWindow = int64(s.Val)
		case http2.SettingMaxConcurrentStreams:
			c.maxStreams = s.Val
		case http2.SettingMaxFrameSize:
			c.maxFrame = int(s.Val)
		case http2.SettingHeaderTableSize:
			table, hasTable = s.Val, true
		}
		return s.Valid()
	})
	c.mu.Unlock()
	if err != nil {
		return err
	}
	err = c.write(func() error {
		if hasTable {
			c.encoder.SetMaxDynamicTableSize(min(table, specTable))
		}
		return c.framer.WriteSettingsAck()
	})
	select {
	case <-c.settled:
	default:
		close(c.settled)
	}
	return err
}

func (c *conn) addRoom(id uint32, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == 0 {
		c.window += n
		for _, st := range c.streams {
			notify(st.room)
		}
	} else if st := c.streams[id]; st != nil {
		st.window += n
		notify(st.room)
	}
}

// goAway: the server has not seen the streams behind the last that it names, and takes no new ones.
func (c *conn) goAway(f *http2.GoAwayFrame) {
	c.mu.Lock()
	c.leaving = true
	var unseen []*stream
	for id, st := range c.streams {
		if id > f.LastStreamID {
			unseen = append(unseen, st)
			delete(c.streams, id)
		}
	}
	c.mu.Unlock()
	for _, st := range unseen {
		st.fail(&ending{status: codeUnavailable, message: "the server is going away", refused: true, remote: true})
		c.touched = append(c.touched, st)
	}
}

func (c *conn) head(st *stream, f *http2.MetaHeadersFrame) {
	e := event{headers: make([]header, 0, len(f.Fields)), end: f.StreamEnded()}
	for _, field := range f.Fields {
		e.headers = append(e.headers, header{field.Name, field.Value})
	}
	if f.Truncated {
		st.fail(&ending{status: codeResourceExhausted, message: "the server sent more metadata than 1 MiB"})
		st.reset(http2.ErrCodeCancel)
	} else if status := f.PseudoValue("status"); len(status) != 3 || !strings.HasPrefix(status, "1") {
		st.push(e)
	}
	c.touched = append(c.touched, st)
}

// data passes on bytes, and gives back at once what they took of the window of all streams: a stream that nobody
// reads must not stop the others.
func (c *conn) data(f *http2.DataFrame) error {
	length := f.Header().Length
	c.owed += length
	returned := uint32(0)
	if c.owed >= returnAt {
		returned, c.owed = c.owed, 0
	}
	st := c.stream(f.Header().StreamID)
	padding := length - uint32(len(f.Data()))
	if st != nil {
		st.push(event{data: f.Data(), end: f.StreamEnded()})
		c.touched = append(c.touched, st)
	}
	if returned == 0 && (padding == 0 || st == nil) {
		return nil
	}
	return c.write(func() error {
		if padding > 0 && st != nil && !f.StreamEnded() {
			if err := c.framer.WriteWindowUpdate(f.Header().StreamID, padding); err != nil {
				return err
			}
		}
		if returned == 0 {
			return nil
		}
		return c.framer.WriteWindowUpdate(0, returned)
	})
}
