/* SPDX-License-Identifier: MIT */
/* Kinds of attacks. */
#include "rules/classification.h"

#include "rules/parser.h"

#include <stdlib.h>
#include <string.h>

/* Names as public rule sets use them; descriptions and priorities in our words where they are not
 * fixed by use. */
static const struct rules_classification built_in[] = {
    {"attempted-admin", "Attempted Administrator Privilege Gain", 1},
    {"attempted-dos", "Attempted Denial of Service", 2},
    {"attempted-recon", "Attempted Information Leak", 2},
    {"attempted-user", "Attempted User Privilege Gain", 1},
    {"bad-unknown", "Potentially Bad Traffic", 2},
    {"client-side-exploit", "Known client side exploit attempt", 1},
    {"coin-mining", "Crypto Currency Mining Activity Detected", 2},
    {"command-and-control", "Malware Command and Control Activity Detected", 1},
    {"credential-theft", "Successful Credential Theft Detected", 1},
    {"default-login-attempt", "Attempt to login by a default username and password", 2},
    {"denial-of-service", "Detection of a Denial of Service Attack", 2},
    {"domain-c2", "Domain Observed Used for C2 Detected", 1},
    {"exploit-kit", "Exploit Kit Activity Detected", 1},
    {"external-ip-check", "Device Retrieving External IP Address Detected", 2},
    {"file-format", "Known malicious file or file based exploit", 1},
    {"icmp-event", "Generic ICMP event", 3},
    {"inappropriate-content", "Inappropriate Content was Detected", 1},
    {"kickass-porn", "Inappropriate Content was Detected", 1},
    {"malware-cnc", "Known malware command and control traffic", 1},
    {"misc-activity", "Misc activity", 3},
    {"misc-attack", "Misc Attack", 2},
    {"network-scan", "Detection of a Network Scan", 3},
    {"non-standard-protocol", "Detection of a non-standard protocol or event", 2},
    {"not-suspicious", "Not Suspicious Traffic", 3},
    {"policy-violation", "Potential Corporate Privacy Violation", 1},
    {"protocol-command-decode", "Generic Protocol Command Decode", 3},
    {"pup-activity", "Possibly Unwanted Program Detected", 2},
    {"rpc-portmap-decode", "Decode of an RPC Query", 2},
    {"sdf", "Sensitive Data was Transmitted Across the Network", 2},
    {"shellcode-detect", "Executable code was detected", 1},
    {"social-engineering", "Possible Social Engineering Attempted", 2},
    {"string-detect", "A suspicious string was detected", 3},
    {"successful-admin", "Successful Administrator Privilege Gain", 1},
    {"successful-dos", "Denial of Service", 2},
    {"successful-recon-largescale", "Large Scale Information Leak", 2},
    {"successful-recon-limited", "Information Leak", 2},
    {"successful-user", "Successful User Privilege Gain", 1},
    {"suspicious-filename-detect", "A suspicious filename was detected", 2},
    {"suspicious-login", "An attempted login using a suspicious username was detected", 2},
    {"system-call-detect", "A system call was detected", 2},
    {"targeted-activity", "Targeted Malicious Activity was Detected", 1},
    {"tcp-connection", "A TCP connection was detected", 4},
    {"trojan-activity", "A Network Trojan was detected", 1},
    {"unknown", "Unknown Traffic", 3},
    {"unsuccessful-user", "Unsuccessful User Privilege Gain", 1},
    {"unusual-client-port-connection", "A client was using an unusual port", 2},
    {"web-application-activity", "Access to a potentially vulnerable web application", 2},
    {"web-application-attack", "Web Application Attack", 1},
};

#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

const struct rules_classification *rules_classification_built_in(size_t index)
{
    return index < BUILT_IN ? &built_in[index] : NULL;
}

void rules_classifications_end(struct rules_classifications *classifications)
{
    free(classifications->items);
}

static bool is_named(const struct rules_classification *item, const char *name, size_t length)
{
    return strncmp(item->name, name, length) == 0 && item->name[length] == '\0';
}

const struct rules_classification *
rules_classification_find(const struct rules_classifications *classifications, const char *name,
                          size_t length)
{
    for (size_t i = classifications->count; i-- > 0;) {
        if (is_named(&classifications->items[i], name, length)) {
            return &classifications->items[i];
        }
    }
    for (size_t i = 0; i < BUILT_IN; i++) {
        if (is_named(&built_in[i], name, length)) {
            return &built_in[i];
        }
    }
    return NULL;
}

void rules_classification_define(struct rules_parser *parser, struct rules_span rest)
{
    struct rules_classifications *classifications = &parser->classifications;
    struct rules_span whole = rest;
    struct rules_span name = {0};
    struct rules_span text = {0};
    struct rules_span priority = {0};
    int64_t number = 0;
    if (!rules_span_split(&rest, ',', &name) || !rules_span_split(&rest, ',', &text) ||
        !rules_span_split(&rest, ',', &priority) || rest.at != NULL || name.length == 0) {
        rules_error(parser, whole, "a classification is: name,description,priority");
        return;
    }
    if (!rules_number(parser, priority, "the priority", 1, 255, &number)) {
        return;
    }
    void *items = classifications->items;
    bool grown = rules_grow(parser, &items, &classifications->capacity, classifications->count,
                            sizeof(*classifications->items));
    classifications->items = items;
    if (!grown) {
        return;
    }
    struct rules_classification *item = &classifications->items[classifications->count];
    item->name = rules_text(parser, name);
    item->text = rules_text(parser, text);
    item->priority = (uint32_t)number;
    if (item->name != NULL && item->text != NULL) {
        classifications->count++;
    }
}
