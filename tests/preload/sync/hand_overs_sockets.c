/*
 * Two threads take two locks in opposite orders, one after the other: the second
 * waits for what the first one sends by the way that the argument names.  So the
 * finding is a warning and no error: it is known what ordered them.  The number that
 * both change is no race.
 *
 * snarl-expect: status=0 kinds=lock-order-inversion
 * guest-run: socketpair
 * guest-run: socketpair_back
 * guest-run: datagrams
 * guest-run: unix_stream
 * guest-run: unix_abstract
 * guest-run: tcp
 * guest-run: tcp_back
 * guest-run: tcp_six
 * guest-run: tcp_connect
 * guest-run: udp
 */
#include "hand_over.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static void begin_pair(int type)
{
	int ends[2];

	CHECK_IS(socketpair(AF_UNIX, type, 0, ends), 0);
	in = ends[0];
	out = ends[1];
}

static void take_turn(void)
{
	int swapped = in;

	in = out;
	out = swapped;
}

static void begin_socketpair(void)
{
	begin_pair(SOCK_STREAM);
}
static void begin_datagrams(void)
{
	begin_pair(SOCK_DGRAM);
}

static void begin_socketpair_back(void)
{
	begin_socketpair();
	take_turn();
}

static void send_message(void)
{
	struct iovec part = {(char[]){'x'}, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	CHECK_IS(sendmsg(out, &message, 0), 1);
}

static void receive_message(void)
{
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	CHECK_IS(recvmsg(in, &message, 0), 1);
}

/* 'in' is the accepted end. */
static void begin_connection(struct sockaddr *address, socklen_t size_bytes)
{
	int listener = socket(address->sa_family, SOCK_STREAM, 0);

	CHECK_IS(bind(listener, address, size_bytes), 0);
	CHECK_IS(listen(listener, 1), 0);
	if (address->sa_family != AF_UNIX)
		CHECK_IS(getsockname(listener, address, &size_bytes), 0);
	out = socket(address->sa_family, SOCK_STREAM, 0);
	CHECK_IS(connect(out, address, size_bytes), 0);
	in = accept(listener, NULL, NULL);
	CHECK(in >= 0);
	CHECK_IS(close(listener), 0);
}

static void begin_unix(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};

	begin_connection((struct sockaddr *)&address, sizeof(address));
}

static void begin_abstract(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "hand_overs.%d",
		 (int)getpid());
	begin_connection((struct sockaddr *)&address,
			 (socklen_t)(sizeof(sa_family_t) + 1 + strlen(address.sun_path + 1)));
}

static struct sockaddr_in loopback = {.sin_family = AF_INET};

static void begin_tcp(void)
{
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	begin_connection((struct sockaddr *)&loopback, sizeof(loopback));
}

static void begin_tcp_back(void)
{
	begin_tcp();
	take_turn();
}

static void begin_tcp_six(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int probe = socket(AF_INET6, SOCK_STREAM, 0);

	if (probe < 0 || bind(probe, (struct sockaddr *)&address, sizeof(address)) != 0) {
		begin_tcp();
		return;
	}
	close(probe);
	begin_connection((struct sockaddr *)&address, sizeof(address));
}

static void send_part(void)
{
	CHECK_IS(send(out, "x", 1, 0), 1);
}
static void receive_part(void)
{
	CHECK_IS(recv(in, &byte, 1, 0), 1);
}

static void begin_listener(void)
{
	socklen_t size_bytes = sizeof(loopback);

	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_IS(bind(in, (struct sockaddr *)&loopback, size_bytes), 0);
	CHECK_IS(listen(in, 1), 0);
	CHECK_IS(getsockname(in, (struct sockaddr *)&loopback, &size_bytes), 0);
}

static void send_connection(void)
{
	out = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_IS(connect(out, (struct sockaddr *)&loopback, sizeof(loopback)), 0);
}

static void receive_connection(void)
{
	CHECK(accept(in, NULL, NULL) >= 0);
}

static void begin_udp(void)
{
	socklen_t size_bytes = sizeof(loopback);

	loopback.sin_addr.s_addr = htonl(INADDR_ANY);
	in = socket(AF_INET, SOCK_DGRAM, 0);
	out = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_IS(bind(in, (struct sockaddr *)&loopback, size_bytes), 0);
	CHECK_IS(getsockname(in, (struct sockaddr *)&loopback, &size_bytes), 0);
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void send_udp(void)
{
	CHECK_IS(sendto(out, "x", 1, 0, (struct sockaddr *)&loopback, sizeof(loopback)), 1);
}

static void receive_udp(void)
{
	CHECK_IS(recvfrom(in, &byte, 1, 0, NULL, NULL), 1);
}

static const struct way ways[] = {
	{"socketpair", begin_socketpair, send_byte, receive_byte},
	{"socketpair_back", begin_socketpair_back, send_message, receive_message},
	{"datagrams", begin_datagrams, send_part, receive_part},
	{"unix_stream", begin_unix, send_byte, receive_byte},
	{"unix_abstract", begin_abstract, send_byte, receive_byte},
	{"tcp", begin_tcp, send_byte, receive_byte},
	{"tcp_back", begin_tcp_back, send_part, receive_part},
	{"tcp_six", begin_tcp_six, send_byte, receive_byte},
	{"tcp_connect", begin_listener, send_connection, receive_connection},
	{"udp", begin_udp, send_udp, receive_udp},
};

int main(int count, char **arguments)
{
	return hand_over(ways, sizeof(ways) / sizeof(*ways), count > 1 ? arguments[1] : NULL);
}
