// Serves gRPC behind a hub, through a tunnel: no port is listened on, and nobody needs to reach this machine.
//
//	TOKEN=pj_… tunnel-go ws://hub.example:8080/ws cellar
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"github.com/hashicorp/yamux"
	"google.golang.org/grpc"
)

func main() {
	hub, node := os.Args[1], os.Args[2]
	for {
		err := serve(hub, node, os.Getenv("TOKEN"))
		if websocket.IsCloseError(err, 4001, 4002) { // another has the place now, or nobody may
			log.Fatalln("the tunnel is over for good:", err)
		}
		log.Println("the tunnel is over:", err)
		time.Sleep(time.Second)
	}
}

// serve opens a tunnel and serves the hub's connections until it is lost.
func serve(hub, node, token string) error {
	socket, answer, err := websocket.DefaultDialer.Dial(hub, http.Header{
		"X-Hub-Meta-Name": {node},
		"Authorization":   {"Bearer " + token},
	})
	if err == websocket.ErrBadHandshake {
		why, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s: %s", answer.Status, why)
	}
	if err != nil {
		return err
	}
	session, err := yamux.Server(&pipe{Conn: socket.NetConn(), socket: socket}, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	server := grpc.NewServer()
	register(server)
	return server.Serve(session)
}

// pipe is a WebSocket as the byte stream that yamux runs on.
type pipe struct {
	net.Conn
	socket *websocket.Conn
	rest   []byte
}

func (p *pipe) Read(into []byte) (int, error) {
	for len(p.rest) == 0 {
		_, message, err := p.socket.ReadMessage()
		if err != nil {
			return 0, err
		}
		p.rest = message
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pipe) Write(bytes []byte) (int, error) {
	return len(bytes), p.socket.WriteMessage(websocket.BinaryMessage, bytes)
}
