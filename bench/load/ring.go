//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// number asks a server for one.
func number(client *http.Client, addr, path string) (int, error) {
	res, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(body))
	if err != nil || res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: status %d, body %.60q", path, res.StatusCode, body)
	}
	return n, nil
}

// calls asks a server again and again to make calls of its own, and adds up how many it made.
func calls(addr, path string, length time.Duration) (result, error) {
	client := &http.Client{Timeout: 10 * time.Second}
	var res result
	start := time.Now()
	for time.Since(start) < length {
		n, err := number(client, addr, path)
		if err != nil {
			return res, err
		}
		res.Count += n
	}
	res.Seconds = time.Since(start).Seconds()
	return res, nil
}

const (
	eventSize  = 64
	eventBurst = 64 // events of one system call
)

// emitter runs a kernel program that sends events into a ring buffer. It is attached to nothing.
type emitter struct {
	program *ebpf.Program
	failed  *ebpf.Map // how many events had no room, under 0
	packet  []byte
}

func newEmitter(ring *ebpf.Map) (*emitter, error) {
	failed, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return nil, err
	}
	ins := asm.Instructions{
		asm.LoadMapPtr(asm.R1, ring.FD()), asm.Mov.Imm(asm.R2, eventSize), asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "full"),
	}
	for at := int16(0); at < eventSize; at += 8 {
		ins = append(ins, asm.Mov.Imm(asm.R1, int32(at)), asm.StoreMem(asm.R0, at, asm.R1, asm.DWord))
	}
	ins = append(ins,
		asm.Mov.Reg(asm.R1, asm.R0), asm.Mov.Imm(asm.R2, 0), asm.FnRingbufSubmit.Call(),
		asm.Mov.Imm(asm.R0, 0), asm.Return(),
		asm.LoadMapValue(asm.R1, failed.FD(), 0).WithSymbol("full"), asm.Mov.Imm(asm.R2, 1),
		asm.StoreXAdd(asm.R1, asm.R2, asm.DWord),
		asm.Mov.Imm(asm.R0, 0), asm.Return(),
	)
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "emit", Type: ebpf.SocketFilter, License: "GPL", Instructions: ins})
	return &emitter{p, failed, make([]byte, 64)}, err
}

// emit sends n events, or counts them as failed.
func (e *emitter) emit(n int) error {
	_, err := e.program.Run(&ebpf.RunOptions{Data: e.packet, Repeat: uint32(n)})
	return err
}

// fillRing sends events into the ring buffer of a server. Count is how many the server has taken. At a given rate Lost are those
// that the server should have taken and has not; without one the buffer is kept full, and what does not fit it means nothing.
func fillRing(addr string, rate int, length time.Duration) (res result, err error) {
	client := &http.Client{Timeout: 10 * time.Second}
	id, err := number(client, addr, "/map")
	if err != nil {
		return res, err
	}
	ring, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if err != nil {
		return res, err
	}
	e, err := newEmitter(ring)
	if err != nil {
		return res, err
	}
	before, err := number(client, addr, "/taken")
	if err != nil {
		return res, err
	}
	start, sent := time.Now(), 0
	for {
		passed := time.Since(start)
		if passed >= length {
			break
		}
		n := eventBurst
		if rate > 0 {
			if n = int(passed.Seconds()*float64(rate)) - sent; n == 0 {
				time.Sleep(200 * time.Microsecond)
				continue
			}
		}
		if err := e.emit(n); err != nil {
			return res, err
		}
		sent += n
	}
	res.Seconds = time.Since(start).Seconds()
	after, err := number(client, addr, "/taken")
	if err != nil || rate == 0 {
		res.Count = after - before
		return res, err
	}
	// What is in the buffer yet is not lost.
	var failed uint64
	if err := e.failed.Lookup(uint32(0), &failed); err != nil {
		return res, err
	}
	for deadline := time.Now().Add(5 * time.Second); after-before < sent-int(failed) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
		if after, err = number(client, addr, "/taken"); err != nil {
			return res, err
		}
	}
	res.Count, res.Lost = after-before, sent-(after-before)
	if res.Lost < 0 {
		return res, errors.New("more events were taken than sent")
	}
	return res, nil
}
