package script

// KeepShapes sets how many shapes of objects a realm keeps.
func KeepShapes(r *Realm, n int) { r.shapes.most = n }
