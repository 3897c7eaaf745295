/* How long net-snmp takes to decode a message: netsnmp decode COUNT FILE. Every binding is visited. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile unsigned long seen;

static void decode(const u_char *message, size_t size)
{
    u_char community[256], octets[65536];
    size_t community_length = sizeof(community), length = size;
    long version;
    /* The parser takes octets that it may change. */
    memcpy(octets, message, size);
    u_char *body = snmp_comstr_parse(octets, &length, community, &community_length, &version);
    netsnmp_pdu *pdu = SNMP_MALLOC_TYPEDEF(netsnmp_pdu);

    if (body == NULL || pdu == NULL || snmp_pdu_parse(pdu, body, &length) != 0) {
        fputs("refused\n", stderr);
        exit(1);
    }
    for (netsnmp_variable_list *variable = pdu->variables; variable; variable = variable->next_variable)
        seen += variable->name_length + variable->val_len;
    snmp_free_pdu(pdu);
}

int main(int count_of_words, char **words)
{
    static u_char message[65536];
    struct timespec start, end;

    if (count_of_words != 4 || strcmp(words[1], "decode") != 0)
        return 64;
    long count = atol(words[2]);
    FILE *file = fopen(words[3], "rb");
    if (file == NULL)
        return 66;
    size_t size = fread(message, 1, sizeof(message), file);
    fclose(file);
    for (long at = 0; at < count / 20; at++)
        decode(message, size);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long at = 0; at < count; at++)
        decode(message, size);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("ns=%f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count);
    return 0;
}
