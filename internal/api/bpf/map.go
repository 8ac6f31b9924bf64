package bpf

import (
	"weir/internal/api/cstruct"
	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Map is the Go value of a bpf.Map.
type Map struct {
	*ebpf.Map
	keyCodec, valueCodec *cstruct.Codec
	key, value           []byte       // reused
	noBatch              bool         // the map has no batch calls
	after                func() error // to be called once the value is in the kernel
}

// MapClass is the class bpf.Map. Its Go value is a *Map.
var MapClass = &script.Class{
	Name: "Map", Path: "bpf.Map", Sig: "new bpf.Map(options?: object): Map | null", Length: 1,
}

func init() {
	MapClass.Make = constructMap
	MapClass.Props = []script.Prop{
		mapProp("name", "string", func(m *Map) any { return m.Name }),
		mapProp("fd", "number", func(m *Map) any { return m.FD() }),
		mapProp("id", "number", func(m *Map) any { return int(m.ID()) }),
		mapProp("type", "number", func(m *Map) any { return int(m.Type) }),
		mapProp("flags", "number", func(m *Map) any { return int(m.Flags) }),
		mapProp("maxEntries", "number", func(m *Map) any { return int(m.MaxEntries) }),
		mapProp("keySize", "number", func(m *Map) any { return int(m.KeySize) }),
		mapProp("valueSize", "number", func(m *Map) any { return int(m.ValueSize) }),
		{Name: "keyType", Sig: "CStruct | CUnion | null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return layoutValue(c.Realm, script.This[*Map](c).KeyType), nil
		}},
		{Name: "valueType", Sig: "CStruct | CUnion | null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return layoutValue(c.Realm, script.This[*Map](c).ValueType), nil
		}},
	}
	MapClass.Methods = append(append(MapClass.Methods, []script.Method{
		{Name: "create", Sig: "create(): Map", Fn: func(c *script.Call) (script.Value, error) {
			return c.This, script.This[*Map](c).Create()
		}},
		{Name: "lookup", Sig: "lookup(key: object | Data | null, options?: number | { flags?, sum? }): object | Data | null", Length: 1, Fn: mapLookup},
		{Name: "find", Sig: "find(key: object | Data, options?): object | Data | undefined", Length: 1, Fn: mapFind},
		{Name: "has", Sig: "has(key: object | Data): boolean", Length: 1, Fn: mapHas},
		{Name: "update", Sig: "update(key: object | Data, value: object | Data | Program | Map | Socket, flags?): undefined", Length: 2, Fn: mapUpdate},
		{Name: "merge", Sig: "merge(key: object | Data, partial: object): undefined", Length: 2, Fn: mapMerge},
		{Name: "delete", Sig: "delete(key: object | Data): undefined", Length: 1, Fn: mapDelete},
		{Name: "remove", Sig: "remove(key: object | Data): boolean", Length: 1, Fn: mapRemove},
		{Name: "take", Sig: "take(key: object | Data): object | Data | undefined", Length: 1, Fn: mapTake},
		{Name: "freeze", Sig: "freeze(): undefined", Fn: action((*Map).Freeze)},
		{Name: "pin", Sig: "pin(path: string): undefined", Length: 1, Fn: pinning((*Map).Pin)},
		{Name: "unpin", Sig: "unpin(): undefined", Fn: action((*Map).Unpin)},
		{Name: "close", Sig: "close(): undefined", Fn: action((*Map).Close)},
		{Name: "info", Sig: "info(): MapInfo", Fn: func(c *script.Call) (script.Value, error) {
			i, err := script.This[*Map](c).Info()
			if err != nil {
				return script.Undefined, err
			}
			o := append(mapInfo(i), script.Pair{Name: "frozen", Value: i.Frozen}, script.Pair{Name: "memlock", Value: float64(i.Memlock)},
				script.Pair{Name: "extra", Value: float64(i.Extra)}, script.Pair{Name: "btfId", Value: int(i.BTFID)})
			return c.FromGo(o), nil
		}},
	}...), append(walkMethods, queueMethods...)...)
	MapClass.Statics = []script.Method{
		{Name: "list", Sig: "list(): MapInfo[]", Fn: listing(ebpf.ListMaps, func(r *script.Realm, i ebpf.MapInfo) script.Value { return r.FromGo(mapInfo(i)) })},
		{Name: "open", Sig: "open(id: number, keyType?: CStruct | CUnion, valueType?: CStruct | CUnion): Map", Length: 3, Fn: number(func(c *script.Call, s *State, id uint32) (script.Value, error) {
			return openMap(c, func() (*ebpf.Map, error) { return ebpf.OpenMap(s.Gen, id) })
		})},
		{Name: "get", Sig: "get(path: string, keyType?: CStruct | CUnion, valueType?: CStruct | CUnion): Map", Length: 3, Fn: path(1, func(c *script.Call, s *State, path string) (script.Value, error) {
			return openMap(c, func() (*ebpf.Map, error) { return ebpf.PinnedMap(s.Gen, path) })
		})},
	}
}

// NewMap returns the script object of a map.
func NewMap(r *script.Realm, m *ebpf.Map) script.Value {
	return r.NewObjectOf(MapClass, &Map{Map: m, keyCodec: cstruct.NewCodec(m.KeyType), valueCodec: cstruct.NewCodec(m.ValueType)})
}

// MapOf returns the map a script object stands for.
func MapOf(r *script.Realm, v script.Value) (*ebpf.Map, bool) {
	m, ok := script.As[*Map](r, v)
	if !ok {
		return nil, false
	}
	return m.Map, true
}

func mapProp(name, sig string, get func(*Map) any) script.Prop {
	return script.Prop{Name: name, Sig: sig + " (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return c.FromGo(get(script.This[*Map](c))), nil
	}}
}

func mapInfo(i ebpf.MapInfo) script.Object {
	return script.Object{{Name: "name", Value: i.Name}, {Name: "id", Value: int(i.ID)}, {Name: "type", Value: int(i.Type)},
		{Name: "flags", Value: int(i.Flags)}, {Name: "maxEntries", Value: int(i.MaxEntries)}, {Name: "keySize", Value: int(i.KeySize)},
		{Name: "valueSize", Value: int(i.ValueSize)}}
}

// layoutArg reads an argument that is a CStruct or CUnion, or nothing.
func layoutArg(c *script.Call, i int) (*clayout.Layout, error) {
	if !c.Has(i) {
		return nil, nil
	}
	l, ok := script.As[*clayout.Layout](c.Realm, c.Arg(i))
	if !ok {
		return nil, script.ArgError(i, "an instance of pipy::CStructBase")
	}
	return l, nil
}

// openMap opens a map for a call whose second and third argument are the types of its keys and values.
func openMap(c *script.Call, open func() (*ebpf.Map, error)) (script.Value, error) {
	key, err := layoutArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	value, err := layoutArg(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	m, err := open()
	if err != nil {
		return script.Undefined, err
	}
	m.KeyType, m.ValueType = key, value
	return NewMap(c.Realm, m), nil
}

func data(r *script.Realm, b []byte) script.Value {
	return event.NewData(r, stream.NewData(append([]byte(nil), b...)))
}
