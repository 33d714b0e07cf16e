package main

import (
	"encoding/json"
	"errors"
	"log"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// link keeps the agent's place at the hubs: it says hello whenever that is due.
type link struct {
	a     *agent
	id    *identity
	boot  string
	share bool
	// again has a signal when hello is due, ended the reason why the agent shall end.
	again chan struct{}
	ended chan error
	// interval is that of the hubs' pings.
	interval time.Duration
}

type helloAnswer struct {
	OK             bool   `json:"ok"`
	Instance       string `json:"instance"`
	PingIntervalMs int64  `json:"pingIntervalMs"`
	Code           string `json:"code"`
	Message        string `json:"message"`
}

type notice struct {
	Instance string `json:"instance"`
	Kind     string `json:"kind"`
	Message  string `json:"message"`
}

func newLink(a *agent, id *identity, share bool) *link {
	return &link{
		a: a, id: id, share: share, boot: nuid.Next(), again: make(chan struct{}, 1), ended: make(chan error, 1),
		interval: 10 * time.Second,
	}
}

// connect dials the bus. It goes on dialling for ever, with the newest credentials.
func (l *link) connect(urls []string) error {
	options := nats.GetDefaultOptions()
	options.Servers = urls
	options.Name = "agent-go " + l.id.node
	options.InboxPrefix = "_INBOX.agent." + l.id.node + "." + l.id.public
	options.UserJWT = func() (string, error) { return *l.id.jwt.Load(), nil }
	options.SignatureCB = func(nonce []byte) ([]byte, error) { return l.id.key.Sign(nonce) }
	options.AllowReconnect = true
	options.MaxReconnect = -1
	options.RetryOnFailedConnect = true
	options.IgnoreAuthErrorAbort = true
	options.CustomReconnectDelayCB = func(attempts int) time.Duration {
		return jitter(min(time.Duration(attempts)*250*time.Millisecond, 5*time.Second))
	}
	// What is published without a link is for peers to keep, not for the client of NATS.
	options.ReconnectBufSize = -1
	options.PingInterval = 5 * time.Second
	options.MaxPingsOut = 2
	options.DisconnectedErrCB = func(_ *nats.Conn, err error) {
		l.a.up.Store(false)
		log.Printf("the link is lost: %v", err)
	}
	connected := func(*nats.Conn) {
		l.a.up.Store(true)
		l.a.resume()
		notify(l.again)
	}
	options.ConnectedCB = connected
	options.ReconnectedCB = connected
	options.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Printf("the bus says: %v", err) }
	// The callbacks run after Connect gave the connection only because they wait for this lock.
	l.a.mu.Lock()
	defer l.a.mu.Unlock()
	nc, err := options.Connect()
	if err != nil {
		return err
	}
	l.a.nc = nc
	_, err = nc.Subscribe("postern.node.notice."+l.id.node, l.onNotice)
	return err
}

func (l *link) onNotice(m *nats.Msg) {
	var n notice
	if json.Unmarshal(m.Data, &n) != nil || n.Instance != l.instance() {
		return
	}
	if n.Kind == "hello" {
		notify(l.again)
		return
	}
	l.end(&refusal{n.Kind, n.Message})
}

func (l *link) end(err error) {
	select {
	case l.ended <- err:
	default:
	}
}

func (l *link) instance() string {
	l.a.mu.Lock()
	defer l.a.mu.Unlock()
	return l.a.instance
}

// keep says hello after every connect, when a hub asks for it, and when no hub has pinged for three intervals.
func (l *link) keep() {
	check := time.Tick(time.Second)
	for {
		select {
		case <-l.again:
			l.helloPatiently()
		case <-check:
			if l.a.linked() && time.Since(time.Unix(0, l.a.pinged.Load())) > 3*l.interval {
				l.helloPatiently()
			}
		}
	}
}

func (l *link) helloPatiently() {
	for delay := 250 * time.Millisecond; l.a.linked(); delay = min(2*delay, 5*time.Second) {
		err := l.hello()
		if err == nil {
			return
		}
		var final *refusal
		if errors.As(err, &final) {
			l.end(err)
			return
		}
		log.Printf("no place yet: %v", err)
		time.Sleep(jitter(delay))
	}
}

func (l *link) hello() error {
	request := map[string]any{
		"v": 1, "version": "agent-go", "features": []string{}, "boot": l.boot, "share": l.share,
		"labels": map[string]string{}, "services": []string{},
	}
	if instance := l.instance(); instance != "" {
		request["instance"] = instance
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	m, err := l.a.nc.Request("postern.hub.hello."+l.id.node+"."+l.id.public, body, 5*time.Second)
	if err != nil {
		return err
	}
	var answer helloAnswer
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return err
	}
	if !answer.OK && (answer.Code == "retry" || answer.Code == "occupied") {
		return errors.New(answer.Message)
	}
	if !answer.OK {
		return &refusal{answer.Code, answer.Message}
	}
	l.interval = time.Duration(answer.PingIntervalMs) * time.Millisecond
	l.a.pinged.Store(time.Now().UnixNano())
	if err := l.a.adopt(answer.Instance); err != nil {
		return err
	}
	if l.a.draining.Load() {
		l.bye("draining")
	}
	return nil
}

// bye tells the hubs that no new calls shall come, or that the process ends.
func (l *link) bye(reason string) {
	body, err := json.Marshal(map[string]string{"instance": l.instance(), "reason": reason})
	if err == nil && l.instance() != "" {
		_ = l.a.nc.Publish("postern.hub.bye."+l.id.node+"."+l.id.public, body)
	}
}
