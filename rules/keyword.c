/* SPDX-License-Identifier: MIT */
/* The keywords of rules, and those that are refused. */
#include "rules/keyword.h"

#include <string.h>

#define META     RULES_KEYWORD_META
#define FLOW     RULES_KEYWORD_FLOW
#define PAYLOAD  RULES_KEYWORD_PAYLOAD
#define BUFFER   RULES_KEYWORD_BUFFER
#define MODIFIER RULES_KEYWORD_MODIFIER
#define NONE     RULES_VALUE_NONE
#define OPTIONAL RULES_VALUE_OPTIONAL
#define NEEDED   RULES_VALUE_NEEDED

#define REQUEST  (RULES_BUFFER_HTTP | RULES_BUFFER_TO_SERVER)
#define RESPONSE (RULES_BUFFER_HTTP | RULES_BUFFER_TO_CLIENT)
#define EITHER   RULES_BUFFER_HTTP
#define TLS      RULES_BUFFER_TLS
#define ONLY     RULES_BUFFER_HTTP_ONLY

#define STICKY(name, buffer, asks, help)                                                           \
    {name, BUFFER, NONE, false, rules_parse_sticky, INSPECT_BUFFER_##buffer | (asks), "", help}
#define OLD(name, buffer, asks, sticky)                                                            \
    {name,                                                                                         \
     MODIFIER,                                                                                     \
     NONE,                                                                                         \
     false,                                                                                        \
     rules_parse_modifier,                                                                         \
     INSPECT_BUFFER_##buffer | (asks),                                                             \
     "",                                                                                           \
     "the content before looks into `" sticky "`"}

/* Grouped as the documentation shows them. */
static const struct rules_keyword keywords[] = {
    {"msg", META, NEEDED, true, rules_parse_msg, 0, "\"TEXT\"", "what events call the rule"},
    {"sid", META, NEEDED, true, rules_parse_sid, 0, "N",
     "number of the rule, from 1; needed, and one rule only has it"},
    {"rev", META, NEEDED, true, rules_parse_rev, 0, "N", "revision"},
    {"gid", META, NEEDED, true, rules_parse_gid, 0, "N",
     "group that numbers its own sids (default 1)"},
    {"classtype", META, NEEDED, true, rules_parse_classtype, 0, "NAME",
     "kind of attack: gives category and priority"},
    {"priority", META, NEEDED, true, rules_parse_priority, 0, "1-255",
     "1 is the gravest; before that of the classtype"},
    {"reference", META, NEEDED, false, rules_parse_reference, 0, "KIND,TEXT",
     "where to read more: url, cve, ..."},
    {"metadata", META, NEEDED, false, rules_parse_metadata, 0, "KEY VALUE[, ...]",
     "told with events; without effect"},
    {"target", META, NEEDED, true, rules_parse_target, 0, "src_ip|dest_ip",
     "which end is attacked; told with events"},

    {"flow", FLOW, NEEDED, true, rules_parse_flow, 0,
     "[established][,to_server|to_client|from_client|from_server][,stateless][,only_stream]",
     "direction; every flow is an established one, and every match is one in a stream"},
    {"flowbits", FLOW, NEEDED, false, rules_parse_flowbits, 0,
     "set|unset|toggle|isset|isnotset,NAME[|NAME...] or noalert",
     "marks on the flow; `|` (isset, isnotset): one of them suffices"},
    {"noalert", FLOW, NONE, true, rules_parse_noalert, 0, "", "acts, but tells no event"},
    {"threshold", FLOW, NEEDED, true, rules_parse_threshold, 0,
     "type limit|threshold|both, track by_src|by_dst|by_both|by_rule, count N, seconds S",
     "limit: told N times at most in S seconds; threshold: acts at each Nth match; both: once, at "
     "the "
     "Nth"},

    {"content", PAYLOAD, NEEDED, false, rules_parse_content, 0, "[!]\"TEXT|HEX|\"",
     "bytes to be found; `!`: not to be found. \\\" \\; \\: \\\\ and |22| stand for themselves"},
    {"nocase", PAYLOAD, NONE, false, rules_parse_nocase, 0, "",
     "the content before matches letters of any case"},
    {"offset", PAYLOAD, NEEDED, false, rules_parse_offset, 0, "0-65535",
     "the content before begins there or later"},
    {"depth", PAYLOAD, NEEDED, false, rules_parse_depth, 0, "1-65535",
     "the content before lies within so many bytes from the offset"},
    {"distance", PAYLOAD, NEEDED, false, rules_parse_distance, 0, "-65535-65535",
     "the content before begins so many bytes behind the match before it, or later"},
    {"within", PAYLOAD, NEEDED, false, rules_parse_within, 0, "1-65535",
     "the content before lies within so many bytes from there"},
    {"startswith", PAYLOAD, NONE, false, rules_parse_startswith, 0, "",
     "the content before is how the buffer begins"},
    {"endswith", PAYLOAD, NONE, false, rules_parse_endswith, 0, "",
     "the content before is how the buffer ends"},
    {"fast_pattern", PAYLOAD, OPTIONAL, false, rules_parse_fast_pattern, 0, "[only|OFFSET,LENGTH]",
     "accepted; Sluice looks for all contents at once"},
    {"rawbytes", PAYLOAD, NONE, false, rules_parse_rawbytes, 0, "",
     "accepted; contents without a buffer are searched in the bytes as sent"},
    {"replace", PAYLOAD, NEEDED, false, rules_parse_replace, 0, "\"TEXT|HEX|\"",
     "the content before is exchanged for this, of any length (no buffer, action alert)"},
    {"pcre", PAYLOAD, NEEDED, false, rules_parse_pcre, 0, "[!]\"/EXPRESSION/FLAGS\"",
     "regular expression without look-around and back-references"},
    {"byte_test", PAYLOAD, NEEDED, false, rules_parse_byte_test, 0,
     "BYTES,[!]OPERATOR,VALUE,OFFSET[,relative][,big|little][,string,hex|dec|oct][,bitmask M]",
     "compares a number in the buffer; operators < > = <= >= & ^"},
    {"byte_jump", PAYLOAD, NEEDED, false, rules_parse_byte_jump, 0,
     "BYTES,OFFSET[,relative][,multiplier N][,big|little][,string,hex|dec|oct][,align]"
     "[,from_beginning|from_end][,post_offset N][,bitmask M]",
     "what follows is relative to where a number in the buffer points"},
    {"isdataat", PAYLOAD, NEEDED, false, rules_parse_isdataat, 0, "[!]N[,relative][,rawbytes]",
     "the buffer has (has no) byte there"},
    {"bsize", PAYLOAD, NEEDED, false, rules_parse_bsize, 0, "N, <N, >N, <=N, >=N or LOW<>HIGH",
     "length of the buffer; LOW<>HIGH: between, the bounds left out"},
    {"urilen", PAYLOAD, NEEDED, false, rules_parse_urilen, 0,
     "N, <N, >N, <=N, >=N or LOW<>HIGH[,norm|,raw]",
     "length of the URI, decoded (norm, the default) or as sent"},
    {"dotprefix", PAYLOAD, NONE, false, rules_parse_dotprefix, 0, "",
     "behind http.host or tls.sni: the buffer gets a dot in front, so that \".example.com\" with "
     "endswith finds the name and all below it"},

    {"pkt_data", BUFFER, NONE, false, rules_parse_pkt_data, 0, "",
     "back to the stream: the bytes as sent"},
    STICKY("file.data", BODY, 0, "decoded body of an HTTP message or an SMTP mail"),
    STICKY("file_data", BODY, 0, "older name of `file.data`"),
    STICKY("http.method", HTTP_METHOD, REQUEST, "GET"),
    STICKY("http.uri", HTTP_URI, REQUEST, "URI, decoded"),
    STICKY("http.uri.raw", HTTP_URI_RAW, REQUEST, "URI as sent"),
    STICKY("http.request_line", HTTP_REQUEST_LINE, REQUEST, "first line of a request"),
    STICKY("http_request_line", HTTP_REQUEST_LINE, REQUEST, "older name of `http.request_line`"),
    STICKY("http.host", HTTP_HOST, REQUEST, "host in lower case, without port"),
    STICKY("http.header", HTTP_HEADER, EITHER,
           "`Name: value\\r\\n` for each field but cookies, of request or response"),
    STICKY("http.header_names", HTTP_HEADER_NAMES, EITHER, "`\\r\\nName\\r\\nName\\r\\n\\r\\n`"),
    STICKY("http_header_names", HTTP_HEADER_NAMES, EITHER, "older name of `http.header_names`"),
    STICKY("http.user_agent", HTTP_USER_AGENT, REQUEST, "value of User-Agent"),
    STICKY("http.referer", HTTP_REFERER, REQUEST, "value of Referer"),
    STICKY("http_referer", HTTP_REFERER, REQUEST, "older name of `http.referer`"),
    STICKY("http.content_type", HTTP_CONTENT_TYPE, EITHER,
           "value of Content-Type, of request or response"),
    STICKY("http_content_type", HTTP_CONTENT_TYPE, EITHER, "older name of `http.content_type`"),
    STICKY("http.cookie", HTTP_COOKIE, EITHER, "value of Cookie, or of Set-Cookie in a response"),
    STICKY("http.stat_code", HTTP_STAT_CODE, RESPONSE, "200"),
    STICKY("http.stat_msg", HTTP_STAT_MSG, RESPONSE, "text behind the status code"),
    STICKY("http.request_body", BODY, REQUEST | ONLY, "decoded body of a request"),
    STICKY("http.response_body", BODY, RESPONSE | ONLY, "decoded body of a response"),
    STICKY("tls.sni", TLS_SNI, TLS | RULES_BUFFER_TO_SERVER,
           "server name of the ClientHello, in lower case"),
    STICKY("tls_sni", TLS_SNI, TLS | RULES_BUFFER_TO_SERVER, "older name of `tls.sni`"),
    STICKY("tls.certs", TLS_CERTS, TLS | RULES_BUFFER_TO_CLIENT,
           "each certificate of the server (DER), up to TLS 1.2"),
    STICKY("ja3.hash", JA3_HASH, TLS | RULES_BUFFER_TO_SERVER,
           "MD5 of the ClientHello's JA3 text, 32 digits"),
    STICKY("ja3_hash", JA3_HASH, TLS | RULES_BUFFER_TO_SERVER, "older name of `ja3.hash`"),

    OLD("http_method", HTTP_METHOD, REQUEST, "http.method"),
    OLD("http_uri", HTTP_URI, REQUEST, "http.uri"),
    OLD("http_raw_uri", HTTP_URI_RAW, REQUEST, "http.uri.raw"),
    OLD("http_host", HTTP_HOST, REQUEST, "http.host"),
    OLD("http_header", HTTP_HEADER, EITHER, "http.header"),
    OLD("http_user_agent", HTTP_USER_AGENT, REQUEST, "http.user_agent"),
    OLD("http_cookie", HTTP_COOKIE, EITHER, "http.cookie"),
    OLD("http_stat_code", HTTP_STAT_CODE, RESPONSE, "http.stat_code"),
    OLD("http_stat_msg", HTTP_STAT_MSG, RESPONSE, "http.stat_msg"),
    OLD("http_client_body", BODY, REQUEST | ONLY, "http.request_body"),
    OLD("http_server_body", BODY, RESPONSE | ONLY, "http.response_body"),
};

#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

/* Keywords of Suricata and Snort that are refused. A name that ends in * stands for all that begin
 * so. */
static const struct {
    const char *name, *why;
} refused[] = {
#define PACKET "looks at packets; Sluice sees streams"
#define PARSER "needs a parser that Sluice does not have"
    {"dsize", PACKET ", and what a packet held says nothing there (bsize measures a buffer)"},
    {"flags", PACKET},
    {"fragbits", PACKET},
    {"fragoffset", PACKET},
    {"window", PACKET},
    {"seq", PACKET},
    {"ack", PACKET},
    {"ttl", PACKET},
    {"tos", PACKET},
    {"id", PACKET},
    {"ipopts", PACKET},
    {"ip_proto", PACKET},
    {"sameip", PACKET},
    {"itype", PACKET},
    {"icode", PACKET},
    {"icmp*", PACKET},
    {"tcp.*", PACKET},
    {"udp.*", PACKET},
    {"ipv4.*", PACKET},
    {"ipv6.*", PACKET},
    {"stream_size", PACKET ": the length of a stream is not kept"},
    {"tag", "asks for later packets to be logged; Sluice keeps none"},
    {"detection_filter", "is not in Sluice, but threshold is"},
    {"byte_extract", "keeps a number for later options, which Sluice cannot; byte_test and "
                     "byte_jump read where it stands"},
    {"byte_math", "keeps a number for later options, which Sluice cannot"},
    {"uricontent", "is written content:\"...\"; http_uri;"},
    {"base64_*", "decodes base64, which Sluice does not"},
    {"flowint", "counts on flows, which Sluice does not; flowbits mark them"},
    {"xbits", "marks hosts; Sluice marks flows (flowbits)"},
    {"hostbits", "marks hosts; Sluice marks flows (flowbits)"},
    {"lua*", "runs programs, which a rule in a kernel driver must not"},
    {"iprep", "needs reputation lists, which Sluice does not have"},
    {"geoip", "needs a geographical database, which Sluice does not have"},
    {"dataset", "needs data sets, which Sluice does not have"},
    {"datarep", "needs data sets, which Sluice does not have"},
    {"app-layer-*", "asks about events of Suricata's parsers; Sluice tells anomalies by itself"},
    {"decode-event", "asks about events of Suricata's decoder"},
    {"stream-event", "asks about events of Suricata's reassembly"},
    {"engine-event", "asks about events of Suricata's engine"},
    {"prefilter", "steers Suricata's search; Sluice looks for all contents at once"},
    {"bypass", "ends Suricata's inspection of a flow; here: action pass"},
    {"requires", "asks for a version of Suricata"},
    {"http.header.raw", "is not kept; http.header holds each field as \"Name: value\""},
    {"http_raw_header", "is not kept; http.header holds each field as \"Name: value\""},
    {"http.host.raw", "is not kept; http.host holds the name in lower case, without port"},
    {"http_raw_host", "is not kept; http.host holds the name in lower case, without port"},
    {"http.*", "is not one of the HTTP buffers of Sluice"},
    {"http_*", "is not one of the HTTP buffers of Sluice"},
    {"http2.*", "needs HTTP/2, which Sluice does not parse"},
    {"tls.cert_*", "is not kept apart; tls.certs holds the whole certificate (DER)"},
    {"tls_cert_*", "is not kept apart; tls.certs holds the whole certificate (DER)"},
    {"tls.subject", "is not kept apart; tls.certs holds the whole certificate (DER)"},
    {"tls.issuerdn", "is not kept apart; tls.certs holds the whole certificate (DER)"},
    {"tls.*", "is not one of the TLS buffers of Sluice (tls.sni, tls.certs, ja3.hash)"},
    {"tls_*", "is not one of the TLS buffers of Sluice (tls.sni, tls.certs, ja3.hash)"},
    {"ssl_*", "is not one of the TLS buffers of Sluice (tls.sni, tls.certs, ja3.hash)"},
    {"ja3s.hash", "looks at the server's hello, which has no buffer in Sluice"},
    {"ja3s_hash", "looks at the server's hello, which has no buffer in Sluice"},
    {"ja3s.string", "looks at the server's hello, which has no buffer in Sluice"},
    {"ja3*", "is not one of the TLS buffers of Sluice (tls.sni, tls.certs, ja3.hash)"},
    {"ja4*", "is told in events but is no buffer of Sluice (ja3.hash is)"},
    {"file*", "looks at files as Suricata stores them; file.data holds the body"},
    {"to_*", "transforms a buffer, which Sluice does not (dotprefix apart)"},
    {"strip_*", "transforms a buffer, which Sluice does not (dotprefix apart)"},
    {"compress_*", "transforms a buffer, which Sluice does not (dotprefix apart)"},
    {"pcrexform", "transforms a buffer, which Sluice does not (dotprefix apart)"},
    {"url_decode", "transforms a buffer, which Sluice does not (http.uri is decoded)"},
    {"xor", "transforms a buffer, which Sluice does not (dotprefix apart)"},
    {"asn1", PARSER},
    {"rpc", PARSER},
    {"ftp*", PARSER ": contents of a rule on ftp look into its commands"},
    {"ssh*", PARSER ": contents of a rule on ssh look into its banner"},
    {"smtp*", PARSER ": contents of a rule on smtp look into its commands, file.data into mails"},
    {"dns*", PARSER},
    {"smb*", PARSER},
    {"dce_*", PARSER},
    {"dcerpc*", PARSER},
    {"krb5*", PARSER},
    {"snmp*", PARSER},
    {"sip*", PARSER},
    {"rfb*", PARSER},
    {"mqtt*", PARSER},
    {"modbus*", PARSER},
    {"dnp3*", PARSER},
    {"enip*", PARSER},
    {"cip_*", PARSER},
    {"nfs*", PARSER},
    {"ike*", PARSER},
    {"quic*", PARSER},
};

const struct rules_keyword *rules_keyword_at(size_t index)
{
    return index < KEYWORDS ? &keywords[index] : NULL;
}

const struct rules_keyword *rules_keyword_find(struct rules_span name)
{
    if (name.length == 0) {
        return NULL;
    }
    char first = (char)(name.at[0] | 0x20);
    for (size_t i = 0; i < KEYWORDS; i++) {
        if (keywords[i].name[0] == first && rules_span_is(name, keywords[i].name)) {
            return &keywords[i];
        }
    }
    return NULL;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

size_t rules_keyword_distance(struct rules_span name, const char *other, size_t limit)
{
    enum { LONGEST = 32 };
    size_t rows[3][LONGEST + 1];
    size_t length = strlen(other);
    size_t difference = length > name.length ? length - name.length : name.length - length;
    if (length > LONGEST || difference > limit) {
        return limit + 1;
    }
    for (size_t k = 0; k <= length; k++) {
        rows[0][k] = k;
    }
    for (size_t i = 1; i <= name.length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *twice = rows[(i + 1) % 3];
        size_t least = i;
        row[0] = i;
        for (size_t k = 1; k <= length; k++) {
            size_t best = above[k - 1] + (lower(name.at[i - 1]) != lower(other[k - 1]));
            best = above[k] + 1 < best ? above[k] + 1 : best;
            best = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
            if (i > 1 && k > 1 && lower(name.at[i - 1]) == lower(other[k - 2]) &&
                lower(name.at[i - 2]) == lower(other[k - 1]) && twice[k - 2] + 1 < best) {
                best = twice[k - 2] + 1;
            }
            row[k] = best;
            least = best < least ? best : least;
        }
        if (least > limit) {
            return limit + 1;
        }
    }
    return rows[name.length % 3][length];
}

static bool is_refused(struct rules_span name, const char *pattern)
{
    size_t length = strlen(pattern);
    if (pattern[length - 1] != '*') {
        return rules_span_is(name, pattern);
    }
    char begin[32];
    memcpy(begin, pattern, length - 1);
    begin[length - 1] = '\0';
    return name.length >= length - 1 && rules_span_is(rules_span_part(name, 0, length - 1), begin);
}

void rules_keyword_refuse(struct rules_parser *parser, struct rules_span name)
{
    size_t limit = name.length < 5 ? 1 : 2;
    size_t best = limit + 1;
    const char *meant = NULL;
    int shown = (int)(name.length < 40 ? name.length : 40);
    for (size_t i = 0; i < KEYWORDS; i++) {
        size_t distance = rules_keyword_distance(name, keywords[i].name, limit);
        if (distance < best) {
            best = distance;
            meant = keywords[i].name;
        }
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        bool whole = strchr(refused[i].name, '*') == NULL;
        if (is_refused(name, refused[i].name) && (whole || meant == NULL)) {
            rules_error(parser, name, "keyword \"%.*s\" %s", shown, name.at, refused[i].why);
            return;
        }
    }
    if (meant != NULL) {
        rules_error(parser, name, "unknown keyword \"%.*s\"; did you mean \"%s\"?", shown, name.at,
                    meant);
    } else {
        rules_error(parser, name, "unknown keyword \"%.*s\"", shown, name.at);
    }
}
