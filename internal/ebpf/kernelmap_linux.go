package ebpf

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"weir/internal/clayout"
)

// kernelMap calls the kernel directly for elements: keys and values are bytes already.
type kernelMap struct{ m *ebpf.Map }

var _ MapHandle = kernelMap{}

func (k kernelMap) FD() int           { return k.m.FD() }
func (k kernelMap) Kernel() *ebpf.Map { return k.m }
func (k kernelMap) Close() error      { return k.m.Close() }

func (k kernelMap) Clone() (MapHandle, error) {
	m, err := k.m.Clone()
	return openMap(m, "F_DUPFD_CLOEXEC", err)
}

func (k kernelMap) Info() (MapInfo, error) {
	i, err := k.m.Info()
	if err != nil {
		return MapInfo{}, Fail("BPF_OBJ_GET_INFO_BY_FD", "information on maps", err)
	}
	out := MapInfo{Type: uint32(i.Type), Flags: uint32(i.Flags), MaxEntries: i.MaxEntries, KeySize: i.KeySize, ValueSize: i.ValueSize, Name: i.Name}
	id, _ := i.ID()
	out.ID = uint32(id)
	out.Extra, _ = i.MapExtra()
	b, _ := i.BTFID()
	out.BTFID = uint32(b)
	out.Frozen = i.Frozen()
	out.Memlock, _ = i.Memlock()
	return out, nil
}

// Types reads the layouts of keys and values from the type information that the map was made with; nil where there is none.
func (k kernelMap) Types() (key, value *clayout.Layout, err error) {
	var info struct { // struct bpf_map_info
		_                            [64]byte
		types, keyType, valueType, _ uint32
		_                            [8]byte
	}
	attr := &struct {
		fd, size uint32
		info     uint64
	}{uint32(k.m.FD()), uint32(unsafe.Sizeof(info)), 0}
	var pin runtime.Pinner
	pin.Pin(&info)
	defer pin.Unpin()
	attr.info = uint64(uintptr(unsafe.Pointer(&info)))
	if _, err := call(unix.BPF_OBJ_GET_INFO_BY_FD, unsafe.Pointer(attr), unsafe.Sizeof(*attr)); err != nil {
		return nil, nil, err
	}
	if info.types == 0 {
		return nil, nil, nil
	}
	h, err := btf.NewHandleFromID(btf.ID(info.types))
	if err != nil {
		return nil, nil, Fail("BPF_BTF_GET_FD_BY_ID", "type information of maps", err)
	}
	defer h.Close()
	spec, err := h.Spec(nil)
	if err != nil {
		return nil, nil, err
	}
	layout := func(id uint32) (*clayout.Layout, error) {
		if id == 0 {
			return nil, nil
		}
		t, err := spec.TypeByID(btf.TypeID(id))
		if err != nil {
			return nil, err
		}
		return LayoutOf(t)
	}
	if key, err = layout(info.keyType); err != nil {
		return nil, nil, err
	}
	value, err = layout(info.valueType)
	return key, value, err
}

type elemAttr struct {
	fd    uint32
	_     uint32
	key   uint64
	value uint64
	flags uint64
}

// elem calls a command on an element. The slices are on the heap, as the interface demands: their addresses stay.
func (k kernelMap) elem(cmd uintptr, key, value []byte, flags uint64) error {
	a := elemAttr{fd: uint32(k.m.FD()), key: address(key), value: address(value), flags: flags}
	_, err := call(cmd, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	return err
}

func (k kernelMap) Lookup(key, value []byte, flags uint64) error {
	return k.elem(cmdLookup, key, value, flags)
}

func (k kernelMap) Take(key, value []byte, flags uint64) error {
	return k.elem(cmdTake, key, value, flags)
}

func (k kernelMap) Update(key, value []byte, flags uint64) error {
	return k.noRoom(k.elem(cmdUpdate, key, value, flags), key)
}

// noRoom says why there is no room for the element with a key.
func (k kernelMap) noRoom(err error, key []byte) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) && (e.Errno == unix.E2BIG || e.Errno == unix.ENOSPC) {
		e.Subject = full(k.m.Type(), k.m.MaxEntries(), key)
	}
	return err
}

func (k kernelMap) Delete(key []byte) error { return k.elem(cmdDelete, key, nil, 0) }

func (k kernelMap) Next(key, next []byte) error { return k.elem(cmdNextKey, key, next, 0) }

type batchAttr struct {
	in, out      uint64
	keys, values uint64
	count, fd    uint32
	elem, flags  uint64 // flags of the elements, and of the call
}

func (k kernelMap) batch(cmd uintptr, a *batchAttr) (int, error) {
	a.fd = uint32(k.m.FD())
	_, err := call(cmd, unsafe.Pointer(a), unsafe.Sizeof(*a))
	return int(a.count), err
}

func (k kernelMap) LookupBatch(c *Cursor, keys, values []byte, n int, take bool) (int, error) {
	cmd := uintptr(cmdBatchLookup)
	if take {
		cmd = cmdBatchTake
	}
	if c.Position == nil {
		// Hash maps count buckets with 4 bytes; others remember a key.
		c.Position = make([]byte, max(4, k.m.KeySize()))
	}
	out := make([]byte, len(c.Position))
	a := &batchAttr{out: address(out), keys: address(keys), values: address(values), count: uint32(n)}
	if c.begun {
		a.in = address(c.Position)
	}
	count, err := k.batch(cmd, a)
	runtime.KeepAlive(keys)
	runtime.KeepAlive(values)
	runtime.KeepAlive(c.Position)
	if err == nil || IsErrno(err, unix.ENOENT) {
		c.Position, c.begun = out, true
	}
	runtime.KeepAlive(out)
	return count, err
}

func (k kernelMap) UpdateBatch(keys, values []byte, n int, flags uint64) (int, error) {
	count, err := k.batch(cmdBatchUpdate, &batchAttr{keys: address(keys), values: address(values), count: uint32(n), elem: flags})
	runtime.KeepAlive(keys)
	runtime.KeepAlive(values)
	return count, k.noRoom(err, keys[min(count, n-1)*int(k.m.KeySize()):][:k.m.KeySize()])
}

func (k kernelMap) DeleteBatch(keys []byte, n int) (int, error) {
	count, err := k.batch(cmdBatchDelete, &batchAttr{keys: address(keys), count: uint32(n)})
	runtime.KeepAlive(keys)
	return count, err
}

func (k kernelMap) Freeze() error {
	a := struct{ fd uint32 }{uint32(k.FD())}
	_, err := call(cmdFreeze, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return err
}

func (k kernelMap) Pin(path string) error { return kernel{}.Pin(path, k.FD()) }

func (k kernelMap) Memory() (Memory, error) {
	mm, err := k.m.Memory()
	if err != nil {
		if k.m.Flags()&unix.BPF_F_MMAPABLE == 0 {
			return nil, errors.New("the memory of this map cannot be shared: create it with the flag BPF_F_MMAPABLE (1024)")
		}
		return nil, Fail("mmap", "shared memory of maps", err)
	}
	return mm, nil
}
