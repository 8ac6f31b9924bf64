package inspect

import (
	"fmt"
	"io"

	"weir/internal/ebpf/link"
)

func links(w io.Writer, o processes) error {
	list, err := link.List()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "\nLINK\tTYPE\tPROGRAM\tTARGET\tOWNER")
	for _, l := range list {
		target := ""
		for i, f := range l.Target {
			if i > 0 {
				target += " "
			}
			target += fmt.Sprintf("%s=%v", f.Name, f.Value)
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\n", l.ID, l.Type, l.Program, target, o.of("link_id", l.ID))
	}
	return nil
}
