package crypto

import "weir/internal/filter"

func init() { filter.WrapCertificate = NewCertificate }
