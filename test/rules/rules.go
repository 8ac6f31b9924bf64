// Package rules checks the import rules of the project: lower layers never import upper ones, the JavaScript
// engine and the network are each behind one package. It reads source files, so the files of every operating
// system are checked on any of them.
package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "weir/"

// layers from the lowest to the highest. Packages below a named one belong to its layer.
// A package of internal/ that is not named is a helper: every layer may import it, it may import no layer.
var layers = []string{
	"internal/stream",
	"internal/codebase",
	"internal/reactor",
	"internal/proto",
	"internal/script",
	"internal/command",
	"internal/embedded",
	"internal/event",
	"internal/api/lang",
	"internal/api/ip",
	"internal/payload",
	"internal/httphead",
	"internal/pipeline",
	"internal/filter",
	"internal/inbound",
	"internal/ebpf",
	"internal/api",
	"internal/status",
	"internal/repo",
	"internal/admin",
	"internal/worker",
	"internal/instance",
	"internal/cli",
	"cmd",
}

// confined tells which folder alone may import the packages of a module.
var confined = map[string]string{
	"modernc.org/libquickjs":   "internal/script",
	"modernc.org/libc":         "internal/script",
	"github.com/grafana/sobek": "internal/script",
	"github.com/cilium/ebpf":   "internal/ebpf",
}

// networkers may use the network themselves: the event loop, and the service that manages the process, which must answer when
// the event loops do not.
var networkers = []string{"internal/reactor", "internal/admin"}

// network lists the functions that open, accept or use sockets, and the types that do it in their methods.
// Only networkers may name them. Ordinary libraries on goroutines of their own (DNS, HTTP clients) are fine.
var network = map[string][]string{
	"net": {"Dial", "DialIP", "DialTCP", "DialTimeout", "DialUDP", "DialUnix", "Dialer", "FileConn", "FileListener",
		"FilePacketConn", "Listen", "ListenConfig", "ListenIP", "ListenMulticastUDP", "ListenPacket", "ListenTCP",
		"ListenUDP", "ListenUnix", "ListenUnixgram"},
	"net/http":              {"ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS", "Server"},
	"crypto/tls":            {"Dial", "DialWithDialer", "Dialer", "Listen"},
	"syscall":               socketCalls,
	"golang.org/x/sys/unix": socketCalls,
}

var socketCalls = []string{"Accept", "Accept4", "Bind", "Connect", "Getpeername", "Getsockname", "Listen", "Recvfrom",
	"Recvmsg", "RecvmsgBuffers", "Sendfile", "Sendmsg", "SendmsgBuffers", "SendmsgN", "Sendto", "Shutdown", "Socket",
	"Socketpair", "Splice"}

// check returns what breaks a rule in a file of the given folder (slash-separated, relative to the module).
func check(folder string, file *ast.File) []string {
	var broken []string
	imported := map[string]string{} // name in this file → import path
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = target
		if why := checkImport(folder, target); why != "" {
			broken = append(broken, why)
		}
		if name == "." && network[target] != nil && !within(folder, "internal/reactor") {
			broken = append(broken, fmt.Sprintf("imports %q with a dot, which hides network calls", target))
		}
	}
	if slices.ContainsFunc(networkers, func(home string) bool { return within(folder, home) }) {
		return broken
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// Obj is set for a local variable that has the name of a package.
		if x, ok := selector.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(network[imported[x.Name]], selector.Sel.Name) {
			broken = append(broken, fmt.Sprintf("uses %s.%s: only internal/reactor opens sockets", x.Name, selector.Sel.Name))
		}
		return true
	})
	return broken
}

func checkImport(folder, target string) string {
	for prefix, home := range confined {
		if within(target, prefix) && !within(folder, home) {
			return fmt.Sprintf("imports %s: only %s may", target, home)
		}
	}
	target, ours := strings.CutPrefix(target, module)
	if !ours {
		return ""
	}
	to := layerOf(target)
	from := layerOf(folder)
	switch {
	case target == "docs": // nothing but text
		return ""
	case !within(target, "internal") && !within(target, "cmd"):
		return fmt.Sprintf("imports %s: the product imports only internal packages", target)
	case to < 0 || from >= to:
		return ""
	case from < 0:
		return fmt.Sprintf("imports %s, but %s is no layer: name it in layers in test/rules", target, folder)
	}
	return fmt.Sprintf("imports %s, which is the higher layer", target)
}

// layerOf returns the rank of a folder, -1 for a helper.
func layerOf(folder string) int {
	return slices.IndexFunc(layers, func(layer string) bool { return within(folder, layer) })
}

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

// Check reads the product's sources below root and returns every broken rule, file name first.
func Check(root string) ([]string, error) {
	var broken []string
	files := 0
	for _, top := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files++
			rel = filepath.ToSlash(rel)
			for _, why := range check(path.Dir(rel), file) {
				broken = append(broken, rel+" "+why)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if files == 0 {
		return nil, fmt.Errorf("no Go files below %s", root)
	}
	return broken, nil
}
