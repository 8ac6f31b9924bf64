package cli

import (
	"net/netip"
	"time"

	"weir/internal/logs"
)

// Mode is what the process has been asked to do.
type Mode int

const (
	ModeProgram    Mode = iota // run the script file Config.Program
	ModeEval                   // run the script text Config.Program
	ModeEmbedded               // run the codebase Config.Program that is part of the executable
	ModeRemote                 // run the codebase at the URL Config.Program
	ModeRepo                   // serve codebases: see Config.Repo
	ModeImport                 // copy the codebases of Repo.Import into Repo.Store
	ModeProxy                  // forward the admin service at the URL Config.Program
	ModeCheck                  // look for errors in Config.Files
	ModeAPI                    // list the scripting interface
	ModeBPF                    // print what is in the kernel: Config.Words
	ModeCompletion             // print Completion(Config.Files[0])
	ModeVersion                // print the version block
	ModeHelp                   // print Help()
)

// Config is a command line that makes sense.
type Config struct {
	Mode Mode

	// Program is the program argument exactly as typed: a path, a URL or script text, depending on Mode.
	Program string
	// TextFallback tells that Program is text only because no file has that name. If it does not start,
	// NotAFileEither should be printed too.
	TextFallback bool
	ScriptArgs   []string // arguments for the script, without the name of the process or the program
	Files        []string // scripts to check, or the shell to complete in
	Words        []string // what to print of the kernel: list, dump MAP or features

	Threads    int  // worker threads, at least 1
	ReusePort  bool // listen with SO_REUSEPORT; always set with several threads
	ForceStart bool // a port that cannot be bound does not make the start fail
	NoReload   bool // nothing is polled or watched
	NoGraph    bool // no pipeline diagrams at start
	Watch      bool // reload when a file of the codebase changes

	NoStatus     bool // an instance of a repo neither reports nor takes commands
	NoMetrics    bool // it reports without metrics
	TraceObjects bool // find out where scripts make objects

	DrainTimeout time.Duration // how long connections of a version that was replaced may go on; 0 for no limit

	ScriptTimeout time.Duration // longest run of one callback; 0 for no limit
	ScriptMemory  int64         // bytes of script objects per worker; 0 for no limit

	TLSVerify bool // connectTLS verifies servers

	CPUProfile string // file to write a profile of the whole run to; "" for none

	Log logs.Options

	InstanceUUID string // "" if not given: the process chooses one
	InstanceName string

	Remote Remote
	Repo   Repo
	Admin  Admin
}

// Remote configures how the process talks to a repo or, in ModeProxy, to another admin service.
type Remote struct {
	TLSCert, TLSKey string   // PEM files of the client certificate; both or none
	TLSTrusted      []string // PEM files, or directories of them, that servers are checked against; none for the system's roots
	TLSInsecure     bool     // servers are not checked
	Token           string   // sent as "authorization: Bearer"; "" for none
	Poll            time.Duration
	Cache           string // directory of copies to start from when the repo is away; "" for the default place
	NoCache         bool
}

// Repo configures ModeRepo.
type Repo struct {
	Store    string // an existing directory, or "etcd[s]://[USER@]HOST:PORT[,HOST:PORT]/PREFIX"; "" for memory
	Init     string // directory to import codebases from; "" for none
	InitCode string // codebase to run in this process; "" for none
	Import   string // directory of a store of Pipy

	StorePassword             string   // of USER
	StoreTLSCert, StoreTLSKey string   // PEM files of the certificate towards etcds://; both or none
	StoreTLSTrusted           []string // PEM files, or directories of them, that etcd is checked against; none for the system's roots
}

// Admin configures the admin service.
type Admin struct {
	Addr            netip.AddrPort // where it listens, or would listen when it is opened later
	Open            bool           // it is open from the start
	Anyone          bool           // no token and no certificate is asked for, whatever the address
	Token           string         // may do everything; "" for none
	WriteToken      string         // may look, and change codebases of the repo; "" for none
	ReadToken       string         // may look, and fetch codebases; "" for none
	GUI             string         // directory to serve instead of the built-in pages; "" for none
	LogFile         string         // of requests that change something; "" for none
	TLSCert, TLSKey string         // PEM files; both or none
	TLSTrusted      []string       // PEM files, or directories of them, that certificates of clients are checked against
}

// NotAFileEither explains a failed start when Config.TextFallback is set.
const NotAFileEither = "file or directory does not exist either with the input string as a pathname"

// ExitUsage is the exit code after an error of Parse.
const ExitUsage = 255

// Limits on scripts that were not given others. No reasonable callback runs for seconds, and no worker that serves
// traffic keeps a gigabyte in script objects: Data is not counted among them.
const (
	DefaultScriptTimeout = 10 * time.Second
	DefaultScriptMemory  = 1 << 30
)

// DefaultPoll is how often a server is asked for a new version if it has no better way.
const DefaultPoll = 5 * time.Second

// defaultAdminPort is the port of an admin service that was not given another.
const defaultAdminPort = 6060

func defaultConfig() *Config {
	return &Config{
		Remote:        Remote{Poll: DefaultPoll},
		Threads:       1,
		ScriptTimeout: DefaultScriptTimeout,
		ScriptMemory:  DefaultScriptMemory,
		Log:           logs.DefaultOptions(),
	}
}
