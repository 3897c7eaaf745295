/* Agents on a whole block of loopback addresses: responder PORT STEP.
 *
 * One socket on all addresses of the loopback interface. A Get of one name that is sent to an address whose last 32 bits
 * divide by STEP (half of it being left over) is answered from that address with the INTEGER 5; all others are silent.
 * Nothing is allocated and nothing is looked up: this is the fastest other side that there can be.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 512 };

/* Skips an element with a short length; 0 if there is none. */
static size_t skip(const unsigned char *octets, size_t at, size_t end)
{
    if (at + 2 > end || octets[at + 1] >= 0x80 || at + 2 + octets[at + 1] > end)
        return 0;
    return at + 2 + octets[at + 1];
}

/* Turns a Get of one name into its answer, in place; the length of it, or 0. */
static size_t answer(unsigned char *octets, size_t size)
{
    size_t end = skip(octets, 0, size);
    size_t community = skip(octets, 2, end);
    size_t pdu = community ? skip(octets, community, end) : 0;
    if (pdu == 0 || octets[pdu] != 0xa0 || skip(octets, pdu, end) != end || end + 1 > ROOM)
        return 0;
    size_t list = pdu + 2;
    for (int number = 0; number < 3 && list != 0; number++)
        list = skip(octets, list, end);
    if (list == 0 || octets[list] != 0x30 || skip(octets, list, end) != end)
        return 0;
    size_t binding = list + 2;
    if (skip(octets, binding, end) != end || skip(octets, binding + 2, end) + 2 != end || octets[end - 2] != 5)
        return 0;
    memcpy(octets + end - 2, "\x02\x01\x05", 3);
    octets[pdu] = 0xa2;
    octets[1]++, octets[pdu + 1]++, octets[list + 1]++, octets[binding + 1]++;
    return end + 1;
}

/* Where a datagram was sent to. */
static unsigned destination(struct msghdr *message)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (control == NULL || control->cmsg_level != IPPROTO_IP || control->cmsg_type != IP_PKTINFO)
        return 0;
    struct in_pktinfo *info = (struct in_pktinfo *) CMSG_DATA(control);
    info->ipi_spec_dst = info->ipi_addr;
    info->ipi_ifindex = 0;
    return ntohl(info->ipi_addr.s_addr);
}

int main(int count, char **words)
{
    static unsigned char octets[BATCH][ROOM], controls[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
    static struct sockaddr_in from[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr in[BATCH], out[BATCH];
    const int on = 1, room = 8 << 20;

    if (count != 3 || atoi(words[2]) < 1)
        return 64;
    unsigned step = (unsigned) atoi(words[2]);
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short) atoi(words[1]))};
    setsockopt(sock, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    /* As much as an administrator may have, or as much as anybody may. */
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
    if (bind(sock, (struct sockaddr *) &here, sizeof(here)) != 0) {
        perror("bind");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (int at = 0; at < BATCH; at++) {
            parts[at] = (struct iovec) {octets[at], ROOM - 1};
            in[at].msg_hdr = (struct msghdr) {&from[at], sizeof(from[at]), &parts[at], 1, controls[at],
                                              sizeof(controls[at]), 0};
        }
        int got = recvmmsg(sock, in, BATCH, MSG_WAITFORONE, NULL), answers = 0;
        for (int at = 0; at < got; at++) {
            unsigned to = destination(&in[at].msg_hdr);
            if (to >> 24 != 127 || ntohl(from[at].sin_addr.s_addr) >> 24 != 127 || to % step != step / 2)
                continue;
            parts[at].iov_len = answer(octets[at], in[at].msg_len);
            if (parts[at].iov_len != 0)
                out[answers++].msg_hdr = in[at].msg_hdr;
        }
        for (int sent = 0; sent < answers;) {
            int done = sendmmsg(sock, out + sent, answers - sent, 0);
            sent += done > 0 ? done : 1;
        }
    }
}
