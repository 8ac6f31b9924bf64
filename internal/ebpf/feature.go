package ebpf

import (
	"slices"
	"strings"
	"sync"

	"github.com/cilium/ebpf"

	"weir/internal/logs"
)

// Feature is something a kernel may lack. The meaning of Value depends on Kind.
type Feature struct {
	Kind  FeatureKind
	Value uint32 // of a program type, map type, flag
	Name  string // of a helper or link type
}

// FeatureKind is a kind of probed.
type FeatureKind uint8

// The kinds of probed.
const (
	FeatureProgramType FeatureKind = iota
	FeatureMapType
	FeatureHelper
	FeatureLinkType
	FeatureMapFlag
	FeatureInstructions // Value is the version of the instruction set
	FeatureBTF
	FeatureMemcg
	FeatureTrampolines
	FeatureToken
)

var probed = struct {
	sync.Mutex
	known map[featureKey]bool
}{known: map[featureKey]bool{}}

type featureKey struct {
	b Backend
	f Feature
}

// Have reports whether a kernel has a feature. It is asked once. What cannot be found out counts as missing.
func Have(b Backend, f Feature) bool {
	probed.Lock()
	defer probed.Unlock()
	k := featureKey{b, f}
	if have, ok := probed.known[k]; ok {
		return have
	}
	have, err := b.Probe(f)
	have = have && err == nil
	if len(probed.known) < 10000 {
		probed.known[k] = have
	}
	return have
}

// HaveTrampolines reports whether programs can be attached to kernel functions.
func HaveTrampolines(b Backend) bool { return Have(b, Feature{Kind: FeatureTrampolines}) }

// elementIterators go over the elements of a map.
var elementIterators = []string{"bpf_map_elem", "bpf_sk_storage_map", "sockmap"}

// beyond names the kind of a program that kernels without trampolines refuse as if it were not permitted; empty for others.
func beyond(spec *ebpf.ProgramSpec) string {
	const functions = "programs attached to kernel functions (fentry, fexit, fmod_ret, lsm, freplace)"
	switch spec.Type {
	case ebpf.LSM, ebpf.Extension:
		return functions
	case ebpf.Tracing:
		switch spec.AttachType {
		case ebpf.AttachTraceFEntry, ebpf.AttachTraceFExit, ebpf.AttachModifyReturn:
			return functions
		case ebpf.AttachTraceIter:
			if slices.Contains(elementIterators, spec.AttachTo) {
				return "iterators over the elements of maps"
			}
		}
	}
	return ""
}

func (p *Program) debugLog() {
	if len(p.log) > 0 {
		p.gen.debugf(logs.BPF, "[bpf] verifier on %s:\n%s", p.Name, strings.Join(p.log, "\n"))
	}
}
