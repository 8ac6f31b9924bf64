// Functions of the engine that its Go package does not export are declared without a body (see shape.go), which the compiler
// accepts in packages with an assembly file only.
