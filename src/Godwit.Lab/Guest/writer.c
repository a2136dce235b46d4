/*
 * The guest's writer: while somebody is connected to port 7070 it appends numbered lines to a file and makes each one
 * durable before it says so. What was said and is not in the file afterwards has been lost.
 *
 *   file:        N SECONDS.NANOSECONDS\n     (/var/lib/writer.log)
 *   connection:  N\n                         only after fsync of that line has returned
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOG "/var/lib/writer.log"
#define PORT 7070
#define PACE "/etc/godwit-writer" /* milliseconds between two lines, where the file says so */
#define PAUSE_MS 20		  /* at most 50 lines a second */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The number of the last whole line. A line torn off by a power failure is cut away. */
static unsigned long last_number(int file)
{
	char tail[4096];
	off_t size = lseek(file, 0, SEEK_END);
	off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
	ssize_t length = pread(file, tail, sizeof tail, from);

	while (length > 0 && tail[length - 1] != '\n')
		length--;
	if (length < 0 || ftruncate(file, from + length) != 0)
		die(LOG);
	if (length == 0)
		return 0;
	ssize_t begin = length - 1;
	while (begin > 0 && tail[begin - 1] != '\n')
		begin--;
	tail[length - 1] = 0;
	return strtoul(tail + begin, NULL, 10);
}

static int listen_on(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
		die("listen");
	return listener;
}

static long pause_ms(void)
{
	long ms = PAUSE_MS;
	FILE *pace = fopen(PACE, "re");

	if (pace && fscanf(pace, "%ld", &ms) != 1)
		ms = PAUSE_MS;
	if (pace)
		fclose(pace);
	return ms;
}

static unsigned long write_until_closed(int file, int connection, unsigned long number)
{
	const long ms = pause_ms();
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000 * 1000 };
	char line[64];

	for (;;) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		int length = snprintf(line, sizeof line, "%lu %lld.%09ld\n", ++number, (long long)now.tv_sec, now.tv_nsec);
		if (write(file, line, length) != length || fsync(file) != 0)
			die(LOG);
		length = snprintf(line, sizeof line, "%lu\n", number);
		if (write(connection, line, length) != length)
			return number;
		nanosleep(&pause, NULL);
	}
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	int file = open(LOG, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (file < 0)
		die(LOG);
	unsigned long number = last_number(file);
	int listener = listen_on(PORT);

	for (;;) {
		int on = 1, connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0)
			die("accept");
		setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		number = write_until_closed(file, connection, number);
		close(connection);
	}
}
