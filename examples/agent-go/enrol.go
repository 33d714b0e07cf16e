package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/nats-io/nkeys"
)

// identity is the agent's key and what the hub gave for it.
type identity struct {
	hub, node, token string
	key              nkeys.KeyPair
	public           string
	jwt              atomic.Pointer[string]
}

// enrolment is the hub's answer to an agent that proved its key.
type enrolment struct {
	JWT         string   `json:"jwt"`
	NATS        []string `json:"nats"`
	ExpiresAtMs int64    `json:"expiresAtMs"`
}

// refusal is an answer of the hub that asking again will not change.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.message + " (" + r.code + ")" }

// loadKey reads the key of this agent, or makes one and keeps it.
func loadKey(path string) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if err == nil {
		return nkeys.FromSeed(bytes.TrimSpace(seed))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	if seed, err = key.Seed(); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, append(seed, '\n'), 0o600)
}

// enrol proves the key to the hub, which answers with credentials for the bus.
func (id *identity) enrol() (*enrolment, error) {
	var challenge struct {
		Nonce string `json:"nonce"`
	}
	err := id.post("/v1/enrol/challenge", map[string]string{"node": id.node, "key": id.public}, &challenge)
	if err != nil {
		return nil, err
	}
	signature, err := id.key.Sign([]byte("postern-enrol:v1:" + id.node + ":" + challenge.Nonce))
	if err != nil {
		return nil, err
	}
	body := map[string]string{
		"node": id.node, "key": id.public, "nonce": challenge.Nonce,
		"signature": base64.RawURLEncoding.EncodeToString(signature),
	}
	if id.token != "" {
		body["token"] = id.token
	}
	var answer enrolment
	if err := id.post("/v1/enrol", body, &answer); err != nil {
		return nil, err
	}
	id.jwt.Store(&answer.JWT)
	return &answer, nil
}

func (id *identity) post(path string, body map[string]string, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Post(id.hub+path, "application/json", bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK {
		return json.Unmarshal(data, answer)
	}
	var failure struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(data, &failure) != nil || failure.Code == "" {
		return fmt.Errorf("the hub answered %s", response.Status)
	}
	if response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusForbidden {
		return &refusal{failure.Code, failure.Message}
	}
	return errors.New(failure.Message)
}

// enrolPatiently asks until the hub answers, or refuses for good.
func (id *identity) enrolPatiently() (*enrolment, error) {
	for delay := 250 * time.Millisecond; ; delay = min(2*delay, 10*time.Second) {
		answer, err := id.enrol()
		var final *refusal
		if err == nil || errors.As(err, &final) {
			return answer, err
		}
		log.Printf("not enrolled yet: %v", err)
		time.Sleep(jitter(delay))
	}
}

// renew gets new credentials at 70 % of the life of those that are there, for ever. The connection takes them when
// the server ends the one with the old ones; calls outlive that, as they outlive every reconnect.
func (id *identity) renew(expiresAtMs int64) error {
	for {
		life := time.Until(time.UnixMilli(expiresAtMs))
		time.Sleep(max(life*7/10, time.Second))
		answer, err := id.enrolPatiently()
		if err != nil {
			return err
		}
		expiresAtMs = answer.ExpiresAtMs
	}
}

func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
