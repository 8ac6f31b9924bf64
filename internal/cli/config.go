package cli

import (
	"time"

	"weir/internal/logs"
)

// Mode is what the process has been asked to do.
type Mode int

const (
	ModeProgram Mode = iota // run the script file Config.Program
	ModeEval                // run the script text Config.Program
	ModeCheck               // look for errors in Config.Files
	ModeAPI                 // list the scripting interface
	ModeBPF                 // print what is in the kernel: Config.Words
	ModeVersion             // print the version block
	ModeHelp                // print Help()
)

// Config is a command line that makes sense.
type Config struct {
	Mode Mode

	// Program is the program argument exactly as typed: a path or script text, depending on Mode.
	Program string
	// TextFallback tells that Program is text only because no file has that name. If it does not start,
	// NotAFileEither should be printed too.
	TextFallback bool
	ScriptArgs   []string // arguments for the script, without the name of the process or the program
	Files        []string // scripts to check
	Words        []string // what to print of the kernel: list, dump MAP or features

	Threads    int  // worker threads, at least 1
	ReusePort  bool // listen with SO_REUSEPORT; always set with several threads
	ForceStart bool // a port that cannot be bound does not make the start fail
	NoReload   bool // nothing is polled or watched
	NoGraph    bool // no pipeline diagrams at start
	Watch      bool // reload when a file of the codebase changes

	ScriptTimeout time.Duration // longest run of one callback; 0 for no limit
	ScriptMemory  int64         // bytes of script objects per worker; 0 for no limit

	TLSVerify bool // connectTLS verifies servers

	CPUProfile string // file to write a profile of the whole run to; "" for none

	Log logs.Options

	InstanceUUID string // "" if not given: the process chooses one
	InstanceName string
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

func defaultConfig() *Config {
	return &Config{
		Threads:       1,
		ScriptTimeout: DefaultScriptTimeout,
		ScriptMemory:  DefaultScriptMemory,
		Log:           logs.DefaultOptions(),
	}
}
