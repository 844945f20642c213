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

/* Of TCP and of local sockets. */
#define STATE_LISTENS 10u

/* --- Sockets of this machine: asked of the kernel by netlink ----------------- */

struct unix_request {
	struct nlmsghdr head;
	struct unix_diag_req body;
};

/* The peer and the name among the attributes behind the message. */
static void read_answer(const char *answer, size_t length, struct socket_end *end)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	struct unix_diag_msg body;
	struct nlmsghdr head;
	struct rtattr attribute;
	uint32_t peer;

	if (length < at)
		return;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len > length)
		return;
	memcpy(&body, answer + NLMSG_HDRLEN, sizeof(body));
	end->listens = body.udiag_state == STATE_LISTENS;
	while (at + RTA_LENGTH(sizeof(peer)) <= head.nlmsg_len) {
		memcpy(&attribute, answer + at, sizeof(attribute));
		memcpy(&peer, answer + at + RTA_LENGTH(0), sizeof(peer));
		if (attribute.rta_len < sizeof(attribute) ||
		    at + attribute.rta_len > head.nlmsg_len)
			return;
		if (attribute.rta_type == UNIX_DIAG_PEER)
			end->peer = peer;
		if (attribute.rta_type == UNIX_DIAG_NAME)
			(void)snprintf(end->local, sizeof(end->local), "%.*s",
				       (int)(attribute.rta_len - sizeof(attribute)),
				       answer + at + RTA_LENGTH(0));
		at += RTA_ALIGN(attribute.rta_len);
	}
}

static void find_unix(uint64_t inode, struct socket_end *end)
{
	struct unix_request request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST},
		.body = {.sdiag_family = AF_UNIX,
			 .udiag_states = ~0u,
			 .udiag_ino = (uint32_t)inode,
			 .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_NAME,
			 .udiag_cookie = {~0u, ~0u}},
	};
	_Alignas(struct nlmsghdr) char answer[1024];
	ssize_t length = -1;
	int channel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (channel < 0)
		return;
	if (send(channel, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		length = recv(channel, answer, sizeof(answer), 0);
	(void)close(channel);
	if (length > 0)
		read_answer(answer, (size_t)length, end);
}

/* --- TCP: rows "1: LOCAL REMOTE ... INODE" of /proc/net ----------------------- */

struct tcp_row {
	char local[48], remote[48];
	unsigned state;
	unsigned long long inode;
};

static bool read_row(FILE *file, struct tcp_row *row)
{
	char line[512];

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %47s %47s %x %*s %*s %*s %*s %*s %llu", row->local,
			   row->remote, &row->state, &row->inode) == 4)
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

/* The row of the other end, if that is on this machine. */
static void find_peer(FILE *file, const struct tcp_row *own, struct socket_end *end)
{
	struct tcp_row row = {.inode = 0};

	rewind(file);
	while (!end->peer && read_row(file, &row))
		if (strcmp(row.local, own->remote) == 0 && strcmp(row.remote, own->local) == 0)
			end->peer = row.inode;
	if (!end->peer)
		write_address(own->remote, end->remote);
}

/* False: the table at @path does not have the socket. */
static bool find_tcp(const char *path, uint64_t inode, struct socket_end *end)
{
	struct tcp_row own = {.inode = 0};
	FILE *file = fopen(path, "re");
	bool is_found;

	while (file && own.inode != inode && read_row(file, &own))
		;
	is_found = file && own.inode == inode;
	end->listens |= is_found && own.state == STATE_LISTENS;
	if (is_found && end->listens)
		write_address(own.local, end->local);
	else if (is_found)
		find_peer(file, &own, end);
	if (file)
		(void)fclose(file);
	return is_found;
}

struct socket_end socket_find(uint64_t inode)
{
	struct socket_end end = {.peer = 0};

	find_unix(inode, &end);
	if (!end.peer && !end.listens && !find_tcp("/proc/net/tcp", inode, &end))
		(void)find_tcp("/proc/net/tcp6", inode, &end);
	return end;
}
