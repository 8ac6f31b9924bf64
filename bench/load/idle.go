//go:build linux

package main

import (
	"fmt"
	"net"
	"time"
)

// held keeps the idle connections from being closed by their finalizers.
var held []net.Conn

func idle(addr string, conns int, withTLS bool) error {
	config := clientTLS()
	for i := range conns {
		var c net.Conn
		var err error
		if withTLS {
			c, err = openTLS(addr, config)
		} else {
			c, err = net.DialTimeout("tcp", addr, 5*time.Second)
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		held = append(held, c)
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if err := ask(c, addr, false); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}
