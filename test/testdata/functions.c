// A program that calls one function once and another twice, for probes. Built by make.
__attribute__((noinline)) void first(void) { __asm__ volatile(""); }
__attribute__((noinline)) void second(void) { __asm__ volatile(""); }

int main(void)
{
	first();
	second();
	second();
	__asm__ volatile("mov $60, %eax\nxor %edi, %edi\nsyscall"); // exit(0)
	return 0;
}
