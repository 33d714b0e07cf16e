package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// server is the gRPC server beside the agent: connections of HTTP/2 in plaintext, opened as they are needed.
type server struct {
	address string
	mu      sync.Mutex
	conns   []*conn
}

const dialTimeout = 10 * time.Second

// open begins a stream. An error means that the server has seen nothing of it.
func (s *server) open(ctx context.Context, headers []header) (*stream, error) {
	for {
		c, err := s.conn(ctx)
		if err != nil {
			return nil, err
		}
		// A connection may have filled up or gone away in between.
		if st := c.open(headers); st != nil {
			return st, nil
		}
	}
}

func (s *server) conn(ctx context.Context) (*conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.conns[:0]
	var found *conn
	for _, c := range s.conns {
		usable, gone := c.state()
		if !gone {
			kept = append(kept, c)
		}
		if usable && found == nil {
			found = c
		}
	}
	s.conns = kept
	if found != nil {
		return found, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var dialer net.Dialer
	nc, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("the server at %s is not reached: %w", s.address, err)
	}
	c, err := newConn(ctx, nc)
	if err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("the server at %s does not speak HTTP/2: %w", s.address, err)
	}
	s.conns = append(s.conns, c)
	return c, nil
}
