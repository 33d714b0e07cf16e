// Command agent-go is an agent for Postern in Go: it serves a node from a gRPC server beside it, as docs/protocol.md
// says. It is an example to start from, and a check that the document says enough.
package main

import (
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	node := flag.String("node", "", "name of the node")
	to := flag.String("to", "", "HOST:PORT of the gRPC server, in plaintext")
	hub := flag.String("hub", "http://127.0.0.1:8080", "front door of a hub")
	key := flag.String("key", "agent.nk", "file that keeps the agent's key; made when it is not there")
	share := flag.Bool("share", false, "let other agents serve the same node")
	drain := flag.Duration("drain", 30*time.Second, "how long open calls may take to finish on SIGTERM")
	flag.Parse()
	if *node == "" || *to == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*node, *to, *hub, *key, *share, *drain); err != nil {
		log.Fatal(err)
	}
}

func run(node, to, hub, keyFile string, share bool, drain time.Duration) error {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	key, err := loadKey(keyFile)
	if err != nil {
		return err
	}
	public, err := key.PublicKey()
	if err != nil {
		return err
	}
	id := &identity{hub: hub, node: node, token: os.Getenv("POSTERN_TOKEN"), key: key, public: public}
	enrolled, err := id.enrolPatiently()
	if err != nil {
		return err
	}
	a := &agent{node: node, server: &server{address: to}}
	l := newLink(a, id, share)
	if err := l.connect(enrolled.NATS); err != nil {
		return err
	}
	go l.keep()
	go a.watch()
	go func() { l.end(id.renew(enrolled.ExpiresAtMs)) }()
	select {
	case err := <-l.ended:
		a.endAll("the agent ends")
		_ = a.nc.FlushTimeout(time.Second)
		return err
	case <-stop:
		return l.leave(drain, stop)
	}
}

// leave lets calls finish: a hub sends no new ones after the first bye, and takes the second for the end of all.
func (l *link) leave(drain time.Duration, stop <-chan os.Signal) error {
	l.a.draining.Store(true)
	l.bye("draining")
	check := time.NewTicker(20 * time.Millisecond)
	defer check.Stop()
	limit := time.After(drain)
	for l.a.calls.Load() > 0 {
		select {
		case <-check.C:
			continue
		case <-limit:
		case <-stop:
		}
		l.a.endAll("the agent ends")
		break
	}
	l.a.flush()
	l.bye("stopped")
	if err := l.a.nc.FlushTimeout(2 * time.Second); err != nil {
		return errors.New("the last words did not reach the bus: " + err.Error())
	}
	return nil
}

// flush publishes what is queued for all hubs.
func (a *agent) flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.peers {
		for p.sendMessage() {
		}
	}
}
