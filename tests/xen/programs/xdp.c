/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xdp DEVICE pass|drop|off: gives a network device an XDP program of its driver, or takes it away.
 * The program looks at each frame's EtherType: what is neither IPv4, IPv6 nor ARP is dropped in any
 * case, so that with `pass` nothing gets through if the driver finds frames at another place than
 * the backend has put them.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSN(op, to, from, offset, value) \
	{ \
		.code = (op), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (value) \
	}

/* r2 = data, r3 = data_end; too short: drop. r4 = EtherType. */
static int
load_program(int action)
{
	struct bpf_insn program[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct xdp_md, data), 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 3, 1, offsetof(struct xdp_md, data_end), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, ETH_HLEN),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 6, 0), /* to the drop */
		INSN(BPF_LDX | BPF_MEM | BPF_H, 4, 2, 12, 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 2, htons(ETH_P_IP)),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1, htons(ETH_P_IPV6)),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 4, 0, 2, htons(ETH_P_ARP)),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, action),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_DROP),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	static char log[16384];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t) "Dual BSD/GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		err(1, "the program is not loaded: %s", log);
	return fd;
}

/* What `ip link set DEVICE xdpdrv` does; `fd` -1 takes the program away. */
static int
set_program(unsigned ifindex, int fd)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
		struct rtattr xdp;
		struct rtattr fd_attr;
		int32_t fd;
		struct rtattr flags_attr;
		uint32_t flags;
	} request = {
		.n = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = RTM_SETLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.i = { .ifi_index = (int)ifindex },
		.xdp = { .rta_type = IFLA_XDP | NLA_F_NESTED, .rta_len = 4 + 8 + 8 },
		.fd_attr = { .rta_type = IFLA_XDP_FD, .rta_len = 8 },
		.fd = fd,
		.flags_attr = { .rta_type = IFLA_XDP_FLAGS, .rta_len = 8 },
		.flags = XDP_FLAGS_DRV_MODE,
	};
	union {
		struct {
			struct nlmsghdr n;
			struct nlmsgerr e;
		} head;
		char bytes[4096];
	} answer;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (s < 0 || send(s, &request, sizeof(request), 0) < 0 ||
	    recv(s, &answer, sizeof(answer), 0) < 0)
		err(1, "netlink");
	close(s);
	return answer.head.n.nlmsg_type == NLMSG_ERROR ? answer.head.e.error : -EPROTO;
}

int
main(int argc, char **argv)
{
	unsigned ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0;
	int fd = -1;

	if (ifindex == 0)
		errx(1, "xdp DEVICE pass|drop|off");
	if (strcmp(argv[2], "off") != 0)
		fd = load_program(strcmp(argv[2], "pass") == 0 ? XDP_PASS : XDP_DROP);
	int ret = set_program(ifindex, fd);
	if (ret != 0)
		errx(1, "%s: %s", argv[1], strerror(-ret));
	return 0;
}
