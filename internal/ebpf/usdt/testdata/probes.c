// A program with two static probes, by hand: what <sys/sdt.h> makes. Built by make -C internal/ebpf/usdt/testdata.
__attribute__((section(".probes"))) volatile unsigned short semaphore;

int main(int argc, char **argv) {
	(void)argv;
	if (argc > 1000)
		return 1;
	__asm__ volatile(
		"990: nop\n"
		".pushsection .note.stapsdt,\"?\",\"note\"\n"
		".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"
		"991: .asciz \"stapsdt\"\n992: .balign 4\n"
		"993: .8byte 990b, _.stapsdt.base, semaphore\n"
		".asciz \"shop\"\n.asciz \"order\"\n.asciz \"-4@%edi\"\n"
		"994: .balign 4\n.popsection\n"
		"980: nop\n"
		".pushsection .note.stapsdt,\"?\",\"note\"\n"
		".balign 4\n.4byte 982f-981f, 984f-983f, 3\n"
		"981: .asciz \"stapsdt\"\n982: .balign 4\n"
		"983: .8byte 980b, _.stapsdt.base, 0\n"
		".asciz \"shop\"\n.asciz \"paid\"\n.asciz \"\"\n"
		"984: .balign 4\n.popsection\n"
		".ifndef _.stapsdt.base\n"
		".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
		".weak _.stapsdt.base\n.hidden _.stapsdt.base\n"
		"_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n");
	__asm__ volatile("mov $60, %eax\nxor %edi, %edi\nsyscall"); // exit(0)
	return 0;
}
