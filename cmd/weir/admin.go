package main

import (
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"weir/internal/admin"
	"weir/internal/admin/ui"
	"weir/internal/cli"
	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/repo"
	"weir/internal/status"
	"weir/internal/worker"
)

// settings are the options of the command line as the admin service shows and changes them.
type settings struct {
	conf *cli.Config
	log  *logs.Logger
}

func (s settings) Line() string { return s.conf.Line(s.log.Level()) }

// Apply changes the level of the log, which is that of no option if none is given.
func (s settings) Apply(args []string) error {
	conf, err := cli.Parse(args)
	if err != nil {
		return err
	}
	s.log.SetLevel(conf.Log.Level, conf.Log.Topics)
	return nil
}

// newAdmin makes the admin service of a process, which does not listen yet. store is nil without a repo.
func newAdmin(conf *cli.Config, log *logs.Logger, host status.Host, uuid string, store *repo.Repo) (*admin.Server, error) {
	a := &conf.Admin
	o := admin.Options{
		Addr: a.Addr, ReusePort: conf.ReusePort, Log: log, Host: host, UUID: uuid,
		TLSCert: a.TLSCert, TLSKey: a.TLSKey, TLSTrusted: a.TLSTrusted, Tokens: adminTokens(a), Anyone: a.Anyone,
		AuditLog: a.LogFile, Repo: store, Settings: settings{conf, log},
	}
	var err error
	if o.UI, err = adminPages(a); err != nil {
		return nil, err
	}
	return admin.New(o)
}

// adminPages serves the pages for browsers.
func adminPages(a *cli.Admin) (http.Handler, error) {
	if a.GUI == "" {
		return ui.Handler(nil), nil
	}
	root, err := os.OpenRoot(a.GUI) // no link leads out of it
	if err != nil {
		return nil, err
	}
	return ui.Handler(root.FS()), nil
}

func adminTokens(a *cli.Admin) (t admin.Tokens) {
	if a.Token != "" {
		t.Admin = []string{a.Token}
	}
	if a.WriteToken != "" {
		t.Writer = []string{a.WriteToken}
	}
	if a.ReadToken != "" {
		t.Reader = []string{a.ReadToken}
	}
	return t
}

// serveLocal runs a program that is on this machine, with the admin service open from the start or opened by a signal.
func serveLocal(conf *cli.Config, log *logs.Logger, o worker.Options, code *codebase.Codebase) (exit int, err error) {
	quit := make(chan int, 1)
	leave := func(exit int) {
		select {
		case quit <- exit:
		default: // it is leaving already
		}
	}
	var service *admin.Server
	o.Suspend = func() { go toggle(service) }
	var manager *worker.Manager
	manager = worker.NewManager(worker.ManagerOptions{Program: o, Ended: func(exit int) {
		if !manager.Finished() || !service.Running() {
			leave(exit)
		}
	}})
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
	// While a program runs it acts on signals itself.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := manager.StartCode(worker.Local, code); err != nil {
		return worker.ExitFailure, nil
	}
	for {
		select {
		case exit := <-quit:
			return exit, nil
		case s := <-signals:
			if s != syscall.SIGHUP {
				// It says itself how it has ended, unless it has ended before or is stopped over the admin service now.
				go func() {
					<-manager.Idle()
					leave(0)
				}()
			}
		}
	}
}

// toggle opens the admin service, or closes it.
func toggle(s *admin.Server) {
	if s.Running() {
		s.Stop()
		return
	}
	_ = s.Start() // it has been reported
}

// toggleWithout opens and closes the admin service at signals that come while no program runs, which else acts on them.
func toggleWithout(m *worker.Manager, service *admin.Server) (stop func()) {
	if worker.SuspendSignal == nil {
		return func() {}
	}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, worker.SuspendSignal)
	go func() {
		for range ch {
			if m.Program() == "" {
				toggle(service)
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(ch)
	}
}
