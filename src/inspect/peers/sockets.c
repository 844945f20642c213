#include "inspect/peers/sockets.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- Sockets of this machine: asked of the kernel by netlink ----------------- */

struct unix_request {
	struct nlmsghdr head;
	struct unix_diag_req body;
};

/* The peer among the attributes behind the message; 0: it is not told. */
static uint64_t read_answer(const char *answer, size_t length)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	struct nlmsghdr head;
	struct rtattr attribute;
	uint32_t peer;

	if (length < sizeof(head))
		return 0;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len > length)
		return 0;
	while (at + RTA_LENGTH(sizeof(peer)) <= head.nlmsg_len) {
		memcpy(&attribute, answer + at, sizeof(attribute));
		memcpy(&peer, answer + at + RTA_LENGTH(0), sizeof(peer));
		if (attribute.rta_len < sizeof(attribute))
			return 0;
		if (attribute.rta_type == UNIX_DIAG_PEER)
			return peer;
		at += RTA_ALIGN(attribute.rta_len);
	}
	return 0;
}

static uint64_t unix_peer(uint64_t inode)
{
	struct unix_request request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST},
		.body = {.sdiag_family = AF_UNIX,
			 .udiag_states = ~0u,
			 .udiag_ino = (uint32_t)inode,
			 .udiag_show = UDIAG_SHOW_PEER,
			 .udiag_cookie = {~0u, ~0u}},
	};
	_Alignas(struct nlmsghdr) char answer[1024];
	ssize_t length = -1;
	int channel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (channel < 0)
		return 0;
	if (send(channel, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		length = recv(channel, answer, sizeof(answer), 0);
	(void)close(channel);
	return length > 0 ? read_answer(answer, (size_t)length) : 0;
}

/* --- TCP: rows "1: LOCAL REMOTE ... INODE" of /proc/net ----------------------- */

struct tcp_row {
	char local[48], remote[48];
	unsigned long long inode;
};

static bool read_row(FILE *file, struct tcp_row *row)
{
	char line[512];

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %47s %47s %*s %*s %*s %*s %*s %*s %llu", row->local,
			   row->remote, &row->inode) == 3)
			return true;
	return false;
}

/* "0100007F:1F90" as "127.0.0.1:8080"; the address is in the processor's order. */
static void write_address(const char *row, char address[SOCKET_ADDRESS_BYTES])
{
	struct in_addr number;
	unsigned port;

	if (strlen(row) == 13 && sscanf(row, "%8x:%x", &number.s_addr, &port) == 2)
		(void)snprintf(address, SOCKET_ADDRESS_BYTES, "%s:%u", inet_ntoa(number), port);
	else
		(void)snprintf(address, SOCKET_ADDRESS_BYTES, "%s", row);
}

static uint64_t tcp_peer(const char *path, uint64_t inode, char remote[SOCKET_ADDRESS_BYTES])
{
	struct tcp_row own = {.inode = 0};
	struct tcp_row row = {.inode = 0};
	uint64_t peer = 0;
	FILE *file = fopen(path, "re");

	while (file && own.inode != inode && read_row(file, &own))
		;
	if (file && own.inode == inode) {
		rewind(file);
		while (!peer && read_row(file, &row))
			if (strcmp(row.local, own.remote) == 0 &&
			    strcmp(row.remote, own.local) == 0)
				peer = row.inode;
		if (!peer)
			write_address(own.remote, remote);
	}
	if (file)
		(void)fclose(file);
	return peer;
}

uint64_t socket_peer(uint64_t inode, char remote[SOCKET_ADDRESS_BYTES])
{
	uint64_t peer = unix_peer(inode);

	remote[0] = '\0';
	if (!peer)
		peer = tcp_peer("/proc/net/tcp", inode, remote);
	if (!peer && !remote[0])
		peer = tcp_peer("/proc/net/tcp6", inode, remote);
	return peer;
}
