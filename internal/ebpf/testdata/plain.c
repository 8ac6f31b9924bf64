// No license, no map, no type information: an object without .BTF.
int pass(void *ctx) { return 2; }
