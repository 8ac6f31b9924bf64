package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"weir/internal/admin"
	"weir/internal/certfiles"
	"weir/internal/cli"
	"weir/internal/codebase"
	"weir/internal/embedded"
	"weir/internal/logs"
	"weir/internal/repo"
	"weir/internal/worker"
)

// serveRepo serves codebases until the process is told to end. Programs of the repo can run in it.
func serveRepo(conf *cli.Config, log *logs.Logger, o worker.Options) (exit int, err error) {
	store, err := openStore(&conf.Repo)
	if err != nil {
		return 0, err
	}
	r, err := repo.New(store, repo.Options{Log: log.Warnf})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	ctx := context.Background()
	if conf.Repo.Init != "" {
		err = r.ImportDirectories(ctx, os.DirFS(conf.Repo.Init))
	} else {
		var list []embedded.Codebase
		if list, err = embedded.List(embedded.Files); err == nil {
			err = r.ImportEmbedded(ctx, list)
		}
	}
	if err != nil {
		return 0, err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if worker.SuspendSignal != nil {
		signal.Notify(signals, worker.SuspendSignal) // it must not suspend the process
	}
	defer signal.Stop(signals)
	manager := worker.NewManager(worker.ManagerOptions{
		Open: func(name string) (*codebase.Codebase, error) {
			s, err := r.Snapshot(ctx, name)
			if err != nil {
				return nil, errors.New("Codebase not found: " + name)
			}
			return codebase.FromFiles(s.Main, s.Version, s.Files), nil
		},
		Program: o,
	})
	service, err := newAdmin(conf, log, manager, o.Info.UUID, r)
	if err != nil {
		return 0, err
	}
	defer service.Close()
	if err := service.Start(); err != nil {
		return 0, err
	}
	if conf.Repo.InitCode != "" {
		if err := manager.Start(conf.Repo.InitCode); err != nil {
			return 0, err
		}
	}
	for s := range signals {
		if s == os.Interrupt || s == syscall.SIGTERM {
			break // the others are for the program
		}
	}
	<-manager.Idle() // it drains first, or has ended already
	return 0, nil
}

func openStore(c *cli.Repo) (repo.Store, error) {
	config, err := certfiles.Client(c.StoreTLSCert, c.StoreTLSKey, c.StoreTLSTrusted)
	if err != nil {
		return nil, err
	}
	return repo.Open(c.Store, repo.StoreOptions{Password: c.StorePassword, TLS: config})
}

// importStore copies the codebases of a store of Pipy into another store.
func importStore(conf *cli.Config) (exit int, err error) {
	store, err := openStore(&conf.Repo)
	if err != nil {
		return 0, err
	}
	r, err := repo.New(store, repo.Options{})
	if err != nil {
		return 0, err
	}
	err = r.ImportPipy(context.Background(), conf.Repo.Import, func(line string) { fmt.Println(line) })
	return 0, errors.Join(err, r.Close())
}

// serveProxy shows the admin pages of another process until this one is told to end.
func serveProxy(conf *cli.Config, log *logs.Logger) (exit int, err error) {
	target, err := url.Parse(conf.Program)
	if err != nil {
		return 0, err
	}
	config, err := remoteTLS(&conf.Remote)
	if err != nil {
		return 0, err
	}
	a := &conf.Admin
	pages, err := adminPages(a)
	if err != nil {
		return 0, err
	}
	p, err := admin.NewProxy(admin.ProxyOptions{
		Addr: a.Addr, ReusePort: conf.ReusePort, Log: log, Target: target, TLS: config, Token: conf.Remote.Token, UI: pages,
		TLSCert: a.TLSCert, TLSKey: a.TLSKey, TLSTrusted: a.TLSTrusted, Tokens: adminTokens(a), Anyone: a.Anyone,
	})
	if err != nil {
		return 0, err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := p.Start(); err != nil {
		return 0, err
	}
	defer p.Stop()
	for s := range signals {
		if s != syscall.SIGHUP {
			break
		}
	}
	return 0, nil
}
