//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of the CPU times in /proc/PID/stat: USER_HZ, 100 on every Linux architecture Go supports.
const clockTick = 10 * time.Millisecond

// CPU returns the user and system time the process and its living descendants have used.
func CPU(pid int) (time.Duration, error) {
	total, err := cpuOf(pid)
	if err != nil {
		return 0, err
	}
	for _, child := range Descendants(pid) {
		// A child may end between the listing and the reading.
		if d, err := cpuOf(child); err == nil {
			total += d
		}
	}
	return total, nil
}

func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	// The command name, in parentheses, may hold spaces; fields are counted after it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const utime, stime = 11, 12
	if len(fields) <= stime {
		return 0, fmt.Errorf("read CPU time of %d: unexpected format %q", pid, stat)
	}
	u, err1 := strconv.ParseInt(string(fields[utime]), 10, 64)
	s, err2 := strconv.ParseInt(string(fields[stime]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("read CPU time of %d: unexpected format %q", pid, stat)
	}
	return time.Duration(u+s) * clockTick, nil
}

// RSS returns the resident memory in bytes of the process and its living descendants.
func RSS(pid int) (int64, error) {
	total, err := rssOf(pid)
	if err != nil {
		return 0, err
	}
	for _, child := range Descendants(pid) {
		if n, err := rssOf(child); err == nil {
			total += n
		}
	}
	return total, nil
}

// rssOf walks the page tables (smaps_rollup): the counters in status lag behind by up to a few
// hundred KiB per CPU.
func rssOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Rss:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("read resident memory of %d: no Rss line", pid)
}

// OpenFiles returns the number of open file descriptors of the process itself.
func OpenFiles(pid int) (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list), err
}

// Descendants lists the living children of a process, their children, and so on.
func Descendants(pid int) []int {
	var all []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				continue
			}
			all = append(all, child)
			all = append(all, Descendants(child)...)
		}
	}
	return all
}
