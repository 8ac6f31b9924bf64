package bpf

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
)

// checkKeys fails for options nobody knows: a misspelt one would go unnoticed.
func checkKeys(r *script.Realm, v script.Value, prefix string, known ...string) error {
	if v.IsNullish() {
		return nil
	}
	if !v.IsObject() {
		return fmt.Errorf("%s expects an object", prefix)
	}
	names, err := r.Keys(v)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fmt.Errorf("unknown option %s.%s: expected one of %s", prefix, n, strings.Join(known, ", "))
		}
	}
	return nil
}

func optionalUint(o *script.Options, name string) *uint32 {
	if o.Value(name).IsUndefined() {
		return nil
	}
	n := o.Int(name, 0)
	if n < 0 || n > 1<<32-1 {
		o.Fail(name, "a number of 32 bits")
	}
	v := uint32(n)
	return &v
}

func uintOption(o *script.Options, name string, absent uint32) uint32 {
	if n := optionalUint(o, name); n != nil {
		return *n
	}
	return absent
}

func optionalBytes(o *script.Options, name string) []byte {
	v := o.Value(name)
	if v.IsUndefined() {
		return nil
	}
	d, ok := event.DataOf(o.Realm(), v)
	if !ok {
		o.Fail(name, "a Data object")
		return nil
	}
	return d.Bytes()
}

func objectOptions(c *script.Call) (o ebpf.ObjectOptions, variables script.Value, err error) {
	v := c.Arg(1)
	if err := checkKeys(c.Realm, v, "options", "license", "kernelTypes", "maps", "variables", "pinPath", "lenient"); err != nil {
		return o, script.Undefined, err
	}
	opts := c.Options(v)
	o.License = opts.Str("license", "")
	o.KernelTypes = optionalBytes(opts, "kernelTypes")
	o.PinPath = strings.TrimSuffix(opts.Str("pinPath", ""), "/")
	o.Lenient = opts.Bool("lenient", false)
	variables = opts.Value("variables")
	maps := opts.Value("maps")
	if opts.Err() != nil || maps.IsUndefined() {
		return o, variables, opts.Err()
	}
	if !maps.IsObject() {
		opts.Fail("maps", "an object")
		return o, variables, opts.Err()
	}
	o.Maps = map[string]ebpf.MapOptions{}
	err = c.Each(maps, func(name string, v script.Value) error {
		m, err := mapOptions(c.Realm, name, v)
		o.Maps[name] = m
		return err
	})
	return o, variables, err
}

func mapOptions(r *script.Realm, name string, v script.Value) (m ebpf.MapOptions, err error) {
	if x, ok := MapOf(r, v); ok {
		return ebpf.MapOptions{Map: x}, nil
	}
	prefix := "options.maps." + name
	if err := checkKeys(r, v, prefix, "maxEntries", "flags", "keySize", "valueSize", "pin", "numaNode"); err != nil {
		return m, err
	}
	o := r.Options(v)
	m = ebpf.MapOptions{MaxEntries: optionalUint(o, "maxEntries"), KeySize: optionalUint(o, "keySize"), ValSize: optionalUint(o, "valueSize"),
		Flags: optionalUint(o, "flags"), NumaNode: optionalUint(o, "numaNode"), Pin: o.Str("pin", "")}
	return m, o.Err()
}
