/* The least that asking can cost: asker ask ROUNDS FIRST-LAST:PORT IN-FLIGHT RATE (RATE is not looked at).
 *
 * One socket asks every address of the block with one GET that never changes, ROUNDS times round, IN-FLIGHT questions on their
 * way at a time, by sendmmsg and recvmmsg. An answer is a datagram that is longer than the question: nothing is decoded, no
 * time-out is kept, nobody waits for it. Prints what bench-snmp's contestants print.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, ROOM = 512 };

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int count, char **words)
{
    /* GET sysObjectID.0, v2c, "public" */
    static unsigned char get[] = {0x30, 0x29, 2, 1, 1, 4, 6, 'p', 'u', 'b', 'l', 'i', 'c', 0xa0, 0x1c, 2, 4, 0x11, 0x22,
                                  0x33, 0x44, 2, 1, 0, 2, 1, 0, 0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 2, 0,
                                  5, 0};
    static unsigned char octets[BATCH][ROOM];
    static struct sockaddr_in to[BATCH];
    static struct iovec question[BATCH], answer[BATCH];
    static struct mmsghdr out[BATCH], in[BATCH];
    const int room = 8 << 20;
    char first[64], last[64];
    int port, window;

    if (count != 6 || sscanf(words[3], "%63[0-9.]-%63[0-9.]:%d", first, last, &port) != 3)
        return 64;
    unsigned from = ntohl(inet_addr(first)), block = ntohl(inet_addr(last)) - from + 1;
    long total = atol(words[2]) * (long) block, asked = 0, found = 0;
    window = atoi(words[4]);
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    for (int at = 0; at < BATCH; at++) {
        to[at] = (struct sockaddr_in) {.sin_family = AF_INET, .sin_port = htons((unsigned short) port)};
        question[at] = (struct iovec) {get, sizeof(get)};
        answer[at] = (struct iovec) {octets[at], ROOM};
        out[at].msg_hdr = (struct msghdr) {&to[at], sizeof(to[at]), &question[at], 1, NULL, 0, 0};
        in[at].msg_hdr = (struct msghdr) {NULL, 0, &answer[at], 1, NULL, 0, 0};
    }
    double start = now(CLOCK_MONOTONIC), busy = now(CLOCK_PROCESS_CPUTIME_ID);
    while (found < total) {
        int batch = 0;
        while (batch < BATCH && asked + batch < total && asked + batch - found < window) {
            to[batch].sin_addr.s_addr = htonl(from + (unsigned) ((asked + batch) % block));
            batch++;
        }
        int sent = batch > 0 ? sendmmsg(sock, out, batch, 0) : 0;
        asked += sent > 0 ? sent : 0;
        int got = recvmmsg(sock, in, BATCH, MSG_DONTWAIT, NULL);
        for (int at = 0; at < got; at++)
            found += in[at].msg_len > sizeof(get);
        struct pollfd ready = {sock, POLLIN, 0};
        if (got <= 0 && batch == 0 && poll(&ready, 1, 1000) == 0)
            break;
    }
    double took = now(CLOCK_MONOTONIC) - start;
    printf("ms=%f found=%ld lost=%ld rate=%f cpu=%f\n", took, found, total - found, found / took * 1e3,
           now(CLOCK_PROCESS_CPUTIME_ID) - busy);
    return 0;
}
