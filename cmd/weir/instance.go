package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"weir/internal/admin"
	"weir/internal/certfiles"
	"weir/internal/cli"
	"weir/internal/codebase"
	"weir/internal/instance"
	"weir/internal/logs"
	"weir/internal/worker"
)

// serveRemote runs a remote codebase, with the admin service open from the start or opened by a signal.
func serveRemote(conf *cli.Config, log *logs.Logger, o worker.Options) (exit int, err error) {
	config, err := remoteTLS(&conf.Remote)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: remoteTransport(config)}
	remote, err := codebase.NewRemote(codebase.RemoteOptions{
		URL: conf.Program, Client: client, Token: conf.Remote.Token, Poll: conf.Remote.Poll, Cache: cacheDirectory(&conf.Remote, log), Log: log,
	})
	if err != nil {
		return 0, err
	}
	var i *instance.Instance
	var service *admin.Server
	o.Suspend = func() { go toggle(service) }
	o.Stay = !conf.NoReload
	o.Hangup = func() { i.Sync() }
	manager := worker.NewManager(worker.ManagerOptions{Program: o, Ended: func(exit int) { i.Ended(exit) }})
	i = instance.New(instance.Options{
		Remote: remote, Manager: manager, Log: log, Poll: conf.Remote.Poll,
		URL: remote.URL(), Client: client, Token: conf.Remote.Token, UUID: o.Info.UUID,
		Hold:     func() bool { return service.Running() },
		NoReload: conf.NoReload, NoStatus: conf.NoStatus, NoMetrics: conf.NoMetrics,
	})
	if service, err = newAdmin(conf, log, manager, o.Info.UUID, nil); err != nil {
		return 0, err
	}
	defer service.Close()
	if conf.Admin.Open {
		if err := service.Start(); err != nil {
			return 0, err
		}
	}
	defer toggleWithout(manager, service)()
	return i.Run(), nil
}

// remoteTLS configures connections to a repo or to another admin service.
func remoteTLS(r *cli.Remote) (*tls.Config, error) {
	config, err := certfiles.Client(r.TLSCert, r.TLSKey, r.TLSTrusted)
	if err != nil {
		return nil, err
	}
	config.InsecureSkipVerify = r.TLSInsecure
	return config, nil
}

// remoteTransport asks for no compression: lengths and digests are those of the files. Connections that are not used for a
// while are closed before a firewall forgets them.
func remoteTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
	}
}

// cacheDirectory is where copies of codebases are kept, "" if nowhere.
func cacheDirectory(r *cli.Remote, log *logs.Logger) string {
	switch {
	case r.NoCache:
		return ""
	case r.Cache != "":
		return r.Cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		log.Warnf("[codebase] No copy is kept for starts without the repo: %v; name a directory with --cache=DIR", err)
		return ""
	}
	return filepath.Join(dir, "weir")
}
