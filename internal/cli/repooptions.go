package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// secret reads a token, or the file of one: everybody on the machine can see command lines.
func secret(option string) func(*parser, string) (string, error) {
	return func(p *parser, value string) (string, error) {
		name, isFile := strings.CutPrefix(value, "@")
		if isFile {
			content, err := p.read(name)
			if err != nil {
				return "", fmt.Errorf("cannot open file: %s", name)
			}
			value = strings.TrimSpace(string(content))
		}
		// The value is no part of the message: it may end up in a log.
		if value == "" {
			return "", fmt.Errorf("%s expects a token, or @FILE for a file with one", option)
		}
		for _, c := range []byte(value) {
			if c <= ' ' || c >= 0x7f {
				return "", fmt.Errorf("invalid token for %s: it may consist of visible ASCII characters only", option)
			}
		}
		return value, nil
	}
}

// passwordFile reads a password, which may have spaces in it, from a file.
func passwordFile(option string) func(*parser, string) (string, error) {
	return func(p *parser, value string) (string, error) {
		name, isFile := strings.CutPrefix(value, "@")
		if !isFile {
			return "", fmt.Errorf("%s expects @FILE: everybody on the machine can see command lines", option)
		}
		content, err := p.read(name)
		if err != nil {
			return "", fmt.Errorf("cannot open file: %s", name)
		}
		password := strings.TrimRight(string(content), "\r\n")
		if password == "" {
			return "", fmt.Errorf("%s expects a file with a password: %s is empty", option, name)
		}
		return password, nil
	}
}

func (p *parser) existing(value string) (string, error) {
	if info, err := p.stat(value); err != nil || info.IsDir() {
		return "", fmt.Errorf("cannot open file: %s", value)
	}
	return value, nil
}

func (p *parser) isDirectory(path string) bool {
	info, err := p.stat(path)
	return err == nil && info.IsDir()
}

// The texts of the following are those others know.

func (p *parser) initDirectory(value string) (string, error) {
	if !p.isDirectory(value) {
		return "", fmt.Errorf("Cannot read codebase initialization directory: %s", value) //lint:ignore ST1005 the text is fixed
	}
	return value, nil
}

func (p *parser) guiDirectory(value string) (string, error) {
	if !p.isDirectory(value) {
		return "", errors.New("cannot locate the admin GUI front-end files")
	}
	return value, nil
}

func (p *parser) adminLog(value string) (string, error) {
	switch {
	case value == "" || p.isDirectory(value):
		return "", errors.New("invalid admin log file")
	case !p.isDirectory(filepath.Dir(value)):
		return "", errors.New("directory does not exist for the admin log file")
	}
	return value, nil
}

// directoryName is for directories that need not exist yet.
func directoryName(option string) func(*parser, string) (string, error) {
	return func(_ *parser, value string) (string, error) {
		if value == "" {
			return "", badValue(option, value, "a directory is expected")
		}
		return value, nil
	}
}

func codebaseName(_ *parser, value string) (string, error) {
	name := "/" + strings.Trim(value, "/")
	if name == "/" {
		return "", badValue("--init-code", value, "the name of a codebase is expected")
	}
	return name, nil
}

// setStore leaves judging addresses of etcd to the store, but never repeats a password.
func setStore(p *parser, value string) error {
	scheme, rest, isURL := strings.Cut(value, "://")
	hosts, _, _ := strings.Cut(rest, "/")
	user, hosts, hasUser := cutLast(hosts, "@")
	switch {
	case isURL && hasUser && strings.Contains(user, ":"):
		return errors.New("a --store with a password is not accepted: everybody on the machine can see command lines; use --store-password=@FILE")
	case isURL && (scheme == "etcd" || scheme == "etcds"):
		if hosts == "" {
			return badValue("--store", value, "etcd[s]://[USER@]HOST:PORT[,HOST:PORT]/PREFIX is expected")
		}
	case !p.isDirectory(value):
		return badValue("--store", value, "an existing directory, etcd://HOST:PORT/PREFIX or etcds://HOST:PORT/PREFIX is expected")
	}
	p.Repo.Store, p.storeUser = value, isURL && hasUser
	return nil
}

// cutLast cuts at the last separator; without one all is after it.
func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(separator):], true
}

func setAdminPort(p *parser, value string) error {
	host, port := "", value
	if i := strings.LastIndexByte(value, ':'); i >= 0 {
		host, port = value[:i], value[i+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return errors.New("invalid --admin-port")
	}
	var ip netip.Addr // none: decided when all options are known
	if host != "" {
		if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
			host = host[1 : len(host)-1]
		}
		if ip, err = netip.ParseAddr(host); err != nil {
			return errors.New("invalid --admin-port")
		}
	}
	p.Admin.Addr, p.adminPort = netip.AddrPortFrom(ip, uint16(n)), true
	return nil
}

// interpretAdmin completes and judges the admin service's options.
func (p *parser) interpretAdmin() error {
	a := &p.Admin
	switch {
	case (a.TLSCert == "") != (a.TLSKey == ""):
		return errors.New("--admin-tls-cert and --admin-tls-key must be used in conjunction")
	case len(a.TLSTrusted) > 0 && a.TLSCert == "":
		return errors.New("--admin-tls-cert and --admin-tls-key are required for --admin-tls-trusted")
	case a.ReadToken != "" && a.Token == "":
		return errors.New("--admin-read-token needs --admin-token, without which nobody may change anything")
	case a.WriteToken != "" && a.Token == "":
		return errors.New("--admin-write-token needs --admin-token, without which nobody may do the rest")
	case a.Anyone && a.Token != "":
		return errors.New("--admin-open and --admin-token exclude each other")
	}
	guarded := a.Anyone || a.Token != "" || len(a.TLSTrusted) > 0
	ip := a.Addr.Addr()
	switch {
	case ip.IsValid() && !guarded && !ip.Unmap().IsLoopback():
		return fmt.Errorf("--admin-port=%s can be reached from other machines: give --admin-token=@FILE or --admin-tls-trusted too, "+
			"or --admin-open to let everybody in", a.Addr)
	case ip.IsValid():
	case guarded:
		ip = netip.IPv6Unspecified()
	default:
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	port := a.Addr.Port()
	if port == 0 {
		port = defaultAdminPort
	}
	a.Addr = netip.AddrPortFrom(ip, port)
	switch p.Mode {
	case ModeRepo, ModeProxy:
		a.Open = true
	default:
		a.Open = p.adminPort && !p.adminOff
	}
	return nil
}

// interpretRemote judges the options for a repo.
func (p *parser) interpretRemote() error {
	r := &p.Remote
	switch {
	case (r.TLSCert == "") != (r.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key must be used in conjunction")
	case r.TLSInsecure && len(r.TLSTrusted) > 0:
		return errors.New("--tls-insecure and --tls-trusted exclude each other")
	case r.NoCache && r.Cache != "":
		return errors.New("--cache and --no-cache exclude each other")
	case r.Poll <= 0:
		return errors.New("--repo-poll must be more than 0")
	}
	if p.Mode == ModeRepo || p.Mode == ModeImport {
		return p.interpretStore()
	}
	for _, o := range []struct{ name, value string }{
		{"--init-repo", p.Repo.Init}, {"--init-code", p.Repo.InitCode}, {"--store", p.Repo.Store},
		{"--store-password", p.Repo.StorePassword}, {"--store-tls-cert", p.Repo.StoreTLSCert}, {"--store-tls-key", p.Repo.StoreTLSKey},
		{"--store-tls-trusted", strings.Join(p.Repo.StoreTLSTrusted, " ")},
	} {
		if o.value != "" {
			return fmt.Errorf("invalid option %s for non-repo mode", o.name)
		}
	}
	return nil
}

// interpretStore judges the options for a store.
func (p *parser) interpretStore() error {
	r := &p.Repo
	secure := strings.HasPrefix(r.Store, "etcds://")
	switch {
	case (r.StoreTLSCert == "") != (r.StoreTLSKey == ""):
		return errors.New("--store-tls-cert and --store-tls-key must be used in conjunction")
	case !secure && (r.StoreTLSCert != "" || len(r.StoreTLSTrusted) > 0):
		return errors.New("--store-tls-cert, --store-tls-key and --store-tls-trusted are for --store=etcds://HOST:PORT/PREFIX")
	case p.storeUser && r.StorePassword == "":
		return errors.New("the user of the --store needs --store-password=@FILE")
	case !p.storeUser && r.StorePassword != "":
		return errors.New("--store-password is for --store=etcds://USER@HOST:PORT/PREFIX")
	}
	return nil
}
