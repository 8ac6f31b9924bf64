package main

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"
	"github.com/tidwall/redcon"
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func webSocket(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, b, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, b) != nil {
			return
		}
	}
}

// recoders decode messages and encode them again until the connection ends. What they write is sent when no more input is
// buffered.
var recoders = map[string]func(r *bufio.Reader, w *bufio.Writer) error{
	"mqtt": func(r *bufio.Reader, w *bufio.Writer) error {
		for {
			p, err := packets.ReadPacket(r)
			if err != nil {
				return err
			}
			if err := p.Write(w); err != nil {
				return err
			}
			if err := flush(r, w); err != nil {
				return err
			}
		}
	},
	"resp": func(r *bufio.Reader, w *bufio.Writer) error {
		in := redcon.NewReader(r)
		var out []byte
		for {
			commands, err := in.ReadCommands()
			if err != nil {
				return err
			}
			out = out[:0]
			for _, c := range commands {
				out = redcon.AppendArray(out, len(c.Args))
				for _, arg := range c.Args {
					out = redcon.AppendBulk(out, arg)
				}
			}
			if _, err := w.Write(out); err != nil {
				return err
			}
			if err := flush(r, w); err != nil {
				return err
			}
		}
	},
	"http": func(r *bufio.Reader, w *bufio.Writer) error {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return err
			}
			if err := req.Write(w); err != nil {
				return err
			}
			if err := flush(r, w); err != nil {
				return err
			}
		}
	},
}

func flush(r *bufio.Reader, w *bufio.Writer) error {
	if r.Buffered() > 0 {
		return nil
	}
	return w.Flush()
}

func recode(l net.Listener, f func(r *bufio.Reader, w *bufio.Writer) error) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			if err := f(bufio.NewReaderSize(c, 16<<10), bufio.NewWriterSize(c, 16<<10)); err != io.EOF {
				return
			}
		}()
	}
}
