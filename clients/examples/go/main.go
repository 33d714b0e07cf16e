// A client of a Postern hub: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(append(os.Args[1:], "", "", "")); err != nil {
		log.Fatalln(err)
	}
}

func run(args []string) error {
	token := os.Getenv("POSTERN_TOKEN")
	conn, err := connect(cmp.Or(os.Getenv("POSTERN_HUB"), "127.0.0.1:9090"), os.Getenv("POSTERN_HUB_CA"))
	if err != nil {
		return err
	}
	defer conn.Close()
	wait, err := time.ParseDuration(cmp.Or(os.Getenv("DEADLINE_SECONDS"), "10") + "s")
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), wait)
	defer stop()

	switch command, argument := args[0], args[1]; command {
	case "nodes":
		names, err := nodes(ctx, conn, token)
		fmt.Println(strings.Join(names, "\n"))
		return err
	case "start":
		outcome, err := start(ctx, conn, token, argument)
		fmt.Println(outcome)
		return err
	case "watch":
		events, err := strconv.Atoi(argument)
		if err != nil {
			return err
		}
		return watch(context.Background(), conn, token, events)
	case "register":
		answer, err := register(ctx, conn, argument)
		if err != nil {
			return err
		}
		code, to := answer.GetTheVerifyCodeTheUserNeedToSendBack(), answer.GetTheEmailTheUserNeedToSendVerifyCodeTo()
		fmt.Println(cmp.Or(answer.GetError(), strings.TrimSpace(code+" "+to)))
		return nil
	case "confirm":
		answer, err := confirm(ctx, conn, argument, args[2])
		if err != nil {
			return err
		}
		fmt.Println(cmp.Or(answer.GetError(), answer.GetJwt()))
		return nil
	}
	return fmt.Errorf("usage: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE")
}
