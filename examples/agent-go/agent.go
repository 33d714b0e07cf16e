package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// agent is this process on the bus.
type agent struct {
	node   string
	nc     *nats.Conn
	server *server

	// mu guards these; it is taken before a peer's.
	mu           sync.Mutex
	instance     string
	subscription *nats.Subscription
	peers        map[string]*peer

	up, draining  atomic.Bool
	calls, faults atomic.Int64
	// pinged is when a hub last did, in Unix nanoseconds.
	pinged  atomic.Int64
	unknown budget
	// ready is when the first hub gives calls to this agent.
	ready sync.Once
}

func (a *agent) linked() bool { return a.up.Load() && a.nc.IsConnected() }

func (a *agent) serves() bool { return a.linked() && !a.draining.Load() }

// maxMessage leaves room for what the server's limit counts beside the message.
func (a *agent) maxMessage() int { return int(a.nc.MaxPayload()) - 4096 }

// adopt takes the instance id that a hub gave. With another one than before, all calls are over.
func (a *agent) adopt(instance string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if instance == a.instance {
		return nil
	}
	if a.subscription != nil {
		_ = a.subscription.Unsubscribe()
	}
	for _, p := range a.peers {
		p.forget()
	}
	a.peers = map[string]*peer{}
	a.instance = instance
	subscription, err := a.nc.Subscribe("postern.call."+a.node+"."+instance+".*.*", a.onMessage)
	a.subscription = subscription
	return err
}

// resume tells every hub what is known here after the link was broken.
func (a *agent) resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.peers {
		p.mu.Lock()
		p.asking = len(p.calls) > 0
		p.heard = time.Now()
		p.sync(true)
		p.mu.Unlock()
		notify(p.kick)
	}
}

// endAll ends all calls, and tells the hubs why.
func (a *agent) endAll(message string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.peers {
		p.mu.Lock()
		p.failAll(&ending{status: codeUnavailable, message: message})
		p.mu.Unlock()
		notify(p.kick)
	}
}

// watch does what is due by time, for ever.
func (a *agent) watch() {
	var since, lostAt time.Time
	for now := range time.Tick(250 * time.Millisecond) {
		if a.linked() {
			if since.IsZero() {
				since = now
			}
			lostAt = time.Time{}
		} else {
			since = time.Time{}
			if lostAt.IsZero() {
				lostAt = now
			} else if now.Sub(lostAt) >= silentAfter {
				a.endAll("the link to the bus was lost for 30 s")
			}
		}
		a.mu.Lock()
		for subject, p := range a.peers {
			if !p.tick(now, since) {
				p.forget()
				delete(a.peers, subject)
			}
		}
		a.mu.Unlock()
	}
}

// budget lets something happen a hundred times a second.
type budget struct {
	mu     sync.Mutex
	second int64
	used   int
}

func (b *budget) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if second := time.Now().Unix(); second != b.second {
		b.second, b.used = second, 0
	}
	b.used++
	return b.used <= 100
}
