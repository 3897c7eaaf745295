/* What net-snmp makes of a message: hex digits of v1 and v2c messages on standard input, one a line; one line each on
 * standard output. Numbers in decimal, octets in hex, the parts separated by blanks:
 *
 *   VERSION COMMUNITY COMMAND REQUEST-ID ERROR-STATUS ERROR-INDEX NAME=TYPE:VALUE ...
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>

static void print_octets(const u_char *octets, size_t length)
{
    for (size_t at = 0; at < length; at++)
        printf("%02x", octets[at]);
}

static void print_oid(const oid *arcs, size_t length)
{
    for (size_t at = 0; at < length; at++)
        printf(at ? ".%lu" : "%lu", (unsigned long) arcs[at]);
}

static void print_binding(const netsnmp_variable_list *variable)
{
    putchar(' ');
    print_oid(variable->name, variable->name_length);
    printf("=%02x:", variable->type);
    switch (variable->type) {
    case ASN_INTEGER:
        printf("%ld", *variable->val.integer);
        break;
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
        printf("%lu", (unsigned long) *variable->val.integer & 0xffffffffUL);
        break;
    case ASN_COUNTER64:
        printf("%llu", (unsigned long long) variable->val.counter64->high << 32 | variable->val.counter64->low);
        break;
    case ASN_OBJECT_ID:
        print_oid(variable->val.objid, variable->val_len / sizeof(oid));
        break;
    case ASN_NULL:
    case SNMP_NOSUCHOBJECT:
    case SNMP_NOSUCHINSTANCE:
    case SNMP_ENDOFMIBVIEW:
        break;
    default:
        print_octets(variable->val.string, variable->val_len);
    }
}

static void decode(u_char *octets, size_t length)
{
    u_char community[256];
    size_t community_length = sizeof(community);
    long version = -1;
    u_char *body = snmp_comstr_parse(octets, &length, community, &community_length, &version);
    netsnmp_pdu *pdu = SNMP_MALLOC_TYPEDEF(netsnmp_pdu);

    if (body == NULL || pdu == NULL || snmp_pdu_parse(pdu, body, &length) != 0) {
        puts("refused");
    } else {
        printf("%ld ", version);
        print_octets(community, community_length);
        printf(" %02x %ld %ld %ld", pdu->command, pdu->reqid, pdu->errstat, pdu->errindex);
        for (netsnmp_variable_list *variable = pdu->variables; variable; variable = variable->next_variable)
            print_binding(variable);
        putchar('\n');
    }
    if (pdu != NULL)
        snmp_free_pdu(pdu);
}

int main(void)
{
    static char line[2 * 65507 + 2];
    static u_char octets[65507];

    while (fgets(line, sizeof(line), stdin)) {
        size_t length = 0;
        unsigned int octet;
        while (sscanf(line + 2 * length, "%2x", &octet) == 1)
            octets[length++] = (u_char) octet;
        decode(octets, length);
    }
    return 0;
}
