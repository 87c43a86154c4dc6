/* SPDX-License-Identifier: MIT */
/* Bad rules: each is told once, with the right words, at the right place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/test_rules_told.h"

/* The rule with what is to be underlined between two marks, and what is to be told of it. */
struct row {
    const char *rule, *text;
};

#define HEAD "alert tcp any any -> any any "

static const struct row rows[] = {
    {"«alrt» tcp any any -> any any (sid:1;)", "unknown action \"alrt\"; did you mean \"alert\"?"},
    {"«Alert2» tcp any any -> any any (sid:1;)",
     "unknown action \"Alert2\"; did you mean \"alert\"?"},
    {"«frobnicate» tcp any any -> any any (sid:1;)",
     "unknown action \"frobnicate\": a rule begins with alert, pass, drop or reject"},
    {"alert «udp» any any -> any any (sid:1;)", "protocol \"udp\": sluice sees TCP streams only"},
    {"alert «dns» any any -> any any (sid:1;)", "protocol \"dns\": sluice sees TCP streams only"},
    {"alert «smb» any any -> any any (sid:1;)",
     "sluice has no parser for \"smb\": a rule on tcp sees its bytes as sent"},
    {"alert «htp» any any -> any any (sid:1;)", "unknown protocol \"htp\"; did you mean \"http\"?"},
    {"alert «foo» any any -> any any (sid:1;)",
     "unknown protocol \"foo\": sluice knows tcp, http, tls, smtp, ftp and ssh"},
    {"alert tcp «1.2.3» any -> any any (sid:1;)", "\"1.2.3\" is no address"},
    {"alert tcp «1.2.3.4/33» any -> any any (sid:1;)",
     "\"1.2.3.4/33\" has a prefix length that is none"},
    {"alert tcp «1.2.3.9-1.2.3.4» any -> any any (sid:1;)",
     "\"1.2.3.9-1.2.3.4\" ends before it begins"},
    {"alert tcp [«1.2.3.4,,5.6.7.8»] any -> any any (sid:1;)",
     "\"1.2.3.4,,5.6.7.8\" has an empty item: a list is [a,b,!c]"},
    {"alert tcp «[»1.2.3.4 any -> any any (sid:1;)", "the closing bracket is missing"},
    {"alert tcp «2001:db8::g» any -> any any (sid:1;)", "\"2001:db8::g\" is no address"},
    {"alert tcp «!any» any -> any any (sid:1;)", "\"!any\" leaves no address at all"},
    {"alert tcp «[10.0.0.0/8,!10.0.0.0/8]» any -> any any (sid:1;)",
     "\"[10.0.0.0/8,!10.0.0.0/8]\" leaves no address at all"},
    {"alert tcp «$HOMENET» any -> any any (sid:1;)",
     "\"$HOMENET\" is not defined: write \"var NAME VALUE\" on a line before"},
    {"alert tcp «$HTTP_PORTS» any -> any any (sid:1;)",
     "\"$HTTP_PORTS\" holds ports, not addresses"},
    {"alert tcp any «$HOME_NET» -> any any (sid:1;)", "\"$HOME_NET\" holds addresses, not ports"},
    {"alert tcp any «65536» -> any any (sid:1;)",
     "\"65536\" is no port (0 to 65535) and no range of ports (low:high)"},
    {"alert tcp any «90:80» -> any any (sid:1;)", "\"90:80\" ends before it begins"},
    {"alert tcp any «http» -> any any (sid:1;)",
     "\"http\" is no port (0 to 65535) and no range of ports (low:high)"},
    {"alert tcp any any «<-» any any (sid:1;)",
     "the direction is -> or <>, not \"<-\": write the source first"},
    {"alert tcp any any «any» any (sid:1;)", "the direction is -> or <>, not \"any\""},
    {"alert tcp any any -> any «(»sid:1;)", "destination ports must stand here: action protocol "
                                            "source ports -> destination ports (options)"},
    {"alert tcp any any -> any any «s»id:1;", "the options must stand here, in parentheses"},
    {"alert tcp any any -> any any«»", "the options must stand here, in parentheses"},
    {"alert tcp any any -> any any («)»", "a rule without options"},
    {"alert tcp any any -> any any (sid:1;«»",
     "the rule does not end: its closing parenthesis is missing"},
    {"alert tcp any any -> any any («sid»:1)", "the ; behind the option is missing"},
    {"alert tcp any any -> any any (sid:1;) «x»",
     "nothing may stand behind the closing parenthesis"},
    {"alert tcp any any -> any any (sid:1;«;» rev:2;)", "a keyword must stand here"},
    {"alert tcp any any -> any any («content» \"x\"; sid:1;)",
     "behind \"content\" a : or a ; is missing"},
    {"alert tcp any any -> any any («contnet»:\"x\"; sid:1;)",
     "unknown keyword \"contnet\"; did you mean \"content\"?"},
    {"alert tcp any any -> any any («foobarbaz»; sid:1;)", "unknown keyword \"foobarbaz\""},
    {"alert tcp any any -> any any («dsize»:>5; sid:1;)",
     "keyword \"dsize\" looks at packets; Sluice sees streams, and what a packet held says nothing "
     "there (bsize measures a buffer)"},
    {"alert tcp any any -> any any («flags»:S; sid:1;)",
     "keyword \"flags\" looks at packets; Sluice sees streams"},
    {"alert tcp any any -> any any («window»:5; sid:1;)",
     "keyword \"window\" looks at packets; Sluice sees streams"},
    {"alert tcp any any -> any any («byte_extract»:1,0,x; sid:1;)",
     "keyword \"byte_extract\" keeps a number for later options, which Sluice cannot; byte_test "
     "and byte_jump read where it stands"},
    {"alert tcp any any -> any any («detection_filter»:track by_src, count 1, seconds 2; sid:1;)",
     "keyword \"detection_filter\" is not in Sluice, but threshold is"},
    {"alert tcp any any -> any any («tls.cert_subject»; content:\"a\"; sid:1;)",
     "keyword \"tls.cert_subject\" is not kept apart; tls.certs holds the whole certificate (DER)"},
    {"alert tcp any any -> any any («dns.query»; content:\"a\"; sid:1;)",
     "keyword \"dns.query\" needs a parser that Sluice does not have"},
    {"alert tcp any any -> any any («http.raw_header»; content:\"a\"; sid:1;)",
     "keyword \"http.raw_header\" is not one of the HTTP buffers of Sluice"},
    {"alert tcp any any -> any any («http.urii»; content:\"a\"; sid:1;)",
     "unknown keyword \"http.urii\"; did you mean \"http.uri\"?"},
    {"alert tcp any any -> any any (msg:\"a\"; «msg»:\"b\"; sid:1;)", "msg is given twice"},
    {"alert tcp any any -> any any (msg:«abc»; sid:1;)", "the text of msg must stand in quotes"},
    {"alert tcp any any -> any any (msg:«\"»abc; sid:1;)",
     "the closing quote is missing (a ; between quotes is written \\;)"},
    {"alert tcp any any -> any any («msg»; sid:1;)", "msg needs a value: msg:\"TEXT\";"},
    {"alert tcp any any -> any any («msg»:; sid:1;)", "msg needs a value: msg:\"TEXT\";"},
    {"«alert» tcp any any -> any any (msg:\"x\";)", "the rule has no sid"},
    {"alert tcp any any -> any any (sid:«0»;)",
     "sid must be a number from 1 to 4294967295, not \"0\""},
    {"alert tcp any any -> any any (sid:«4294967296»;)",
     "sid must be a number from 1 to 4294967295, not \"4294967296\""},
    {"alert tcp any any -> any any (sid:«-1»;)",
     "sid must be a number from 1 to 4294967295, not \"-1\""},
    {"alert tcp any any -> any any (sid:«abc»;)",
     "sid must be a number from 1 to 4294967295, not \"abc\""},
    {"alert tcp any any -> any any (rev:«x»; sid:1;)",
     "rev must be a number from 0 to 4294967295, not \"x\""},
    {"alert tcp any any -> any any (priority:«256»; sid:1;)",
     "priority must be a number from 1 to 255, not \"256\""},
    {"alert tcp any any -> any any (classtype:«trojan-actvity»; sid:1;)",
     "unknown classtype \"trojan-actvity\"; did you mean \"trojan-activity\"? (config "
     "classification: name,text,priority defines one)"},
    {"alert tcp any any -> any any (classtype:«qqqqqq»; sid:1;)",
     "unknown classtype \"qqqqqq\" (config classification: name,text,priority defines one)"},
    {"alert tcp any any -> any any (reference:«url»; sid:1;)",
     "a reference is: kind,text (url,example.com/advisory)"},
    {"alert tcp any any -> any any (reference:«url,»; sid:1;)",
     "the reference names a kind and nothing of it"},
    {"alert tcp any any -> any any (target:«src»; sid:1;)", "target is src_ip or dest_ip"},
    {"alert tcp any any -> any any (content:«x»; sid:1;)", "the bytes must stand in quotes"},
    {"alert tcp any any -> any any (content:«\"»x; sid:1;)",
     "the closing quote is missing (a ; between quotes is written \\;)"},
    {"alert tcp any any -> any any (content:«\"»x; content:\"y\"; sid:1;)",
     "the closing quote is missing (a ; between quotes is written \\;)"},
    {"alert tcp any any -> any any (content:!«\"»a;b\"; sid:1;)",
     "the closing quote is missing (a ; between quotes is written \\;)"},
    {"alert tcp any any -> any any («ja3s.hash»; content:\"a\"; sid:1;)",
     "keyword \"ja3s.hash\" looks at the server's hello, which has no buffer in Sluice"},
    {"alert tcp any any -> any any (content:«\"\"»; sid:1;)", "an empty content"},
    {"alert tcp any any -> any any (content:\"a|«4»|\"; sid:1;)",
     "half a byte: a byte is two hexadecimal digits"},
    {"alert tcp any any -> any any (content:\"a|4« »1|\"; sid:1;)",
     "\" \" comes after half a byte: a byte is two digits"},
    {"alert tcp any any -> any any (content:\"a|4«g»|\"; sid:1;)",
     "\"g\" comes after half a byte: a byte is two digits"},
    {"alert tcp any any -> any any (content:\"a|«z»z|\"; sid:1;)",
     "\"z\" between bars is no hexadecimal digit"},
    {"alert tcp any any -> any any (content:\"a«|»41\"; sid:1;)",
     "the closing bar is missing: bytes are written |0D 0A|, a bar |7C|"},
    {"alert tcp any any -> any any (content:\"a«||»b\"; sid:1;)", "no byte between the bars"},
    {"alert tcp any any -> any any (content:\"a«\\n»b\"; sid:1;)",
     "\\ goes with \" ; : and \\ only; other bytes are written |0A|"},
    {"alert tcp any any -> any any (content:\"a\"«,nocase»; sid:1;)",
     "nothing may stand behind the closing quote: modifiers are options of their own "
     "(content:\"x\"; nocase;)"},
    {"alert tcp any any -> any any («nocase»; sid:1;)", "nocase must follow a content"},
    {"alert tcp any any -> any any («depth»:3; content:\"x\"; sid:1;)",
     "depth must follow a content"},
    {"alert tcp any any -> any any (content:\"x\"; nocase; «nocase»; sid:1;)",
     "the content has nocase already"},
    {"alert tcp any any -> any any (content:\"x\"; nocase:«1»; sid:1;)", "nocase takes no value"},
    {"alert tcp any any -> any any (content:\"abcd\"; depth:«3»; sid:1;)",
     "the content of 4 bytes never fits into a depth of 3"},
    {"alert tcp any any -> any any (content:\"abcd\"; depth:«0»; sid:1;)",
     "depth must be a number from 1 to 65535, not \"0\""},
    {"alert tcp any any -> any any (content:\"abcd\"; offset:«65536»; sid:1;)",
     "offset must be a number from 0 to 65535, not \"65536\""},
    {"alert tcp any any -> any any (content:\"abcd\"; offset:«x»; sid:1;)",
     "offset must be a number from 0 to 65535, not \"x\""},
    {"alert tcp any any -> any any (content:\"a\"; content:\"abcd\"; within:«3»; sid:1;)",
     "the content of 4 bytes never fits within 3"},
    {"alert tcp any any -> any any (content:\"a\"; content:\"b\"; offset:3; «distance»:3; sid:1;)",
     "distance and offset exclude each other on one content"},
    {"alert tcp any any -> any any (content:\"a\"; content:\"b\"; within:3; «depth»:3; sid:1;)",
     "depth and within exclude each other on one content"},
    {"alert tcp any any -> any any (content:\"a\"; startswith; «offset»:3; sid:1;)",
     "offset and startswith exclude each other on one content"},
    {"alert tcp any any -> any any (content:\"a\"; depth:3; «startswith»; sid:1;)",
     "startswith and depth exclude each other on one content"},
    {"alert tcp any any -> any any (content:\"a\"; «distance»:-5; sid:1;)",
     "nothing before it in this buffer: it would lie before the buffer's begin"},
    {"alert tcp any any -> any any (content:!\"a\"; «fast_pattern»; sid:1;)",
     "a negated content cannot be the fast pattern"},
    {"alert tcp any any -> any any (content:\"a\"; fast_pattern; content:\"b\"; «fast_pattern»; "
     "sid:1;)",
     "the rule has a fast_pattern already"},
    {"alert tcp any any -> any any (content:\"abc\"; fast_pattern:«2,2»; sid:1;)",
     "beyond the end of the content of 3 bytes"},
    {"alert tcp any any -> any any (content:\"abc\"; fast_pattern:«x»; sid:1;)",
     "fast_pattern takes nothing, only, or offset,length"},
    {"alert tcp any any -> any any (content:\"a\"; http_uri; «http_header»; sid:1;)",
     "the content looks into another buffer already"},
    {"alert tcp any any -> any any (http.uri; content:\"a\"; «http_header»; sid:1;)",
     "http_header is for the content before it, but http.uri is still set: write pkt_data before "
     "the content"},
    {"alert tcp any any -> any any (content:\"a\"; rawbytes; «http_uri»; sid:1;)",
     "rawbytes goes with contents without a buffer"},
    {"alert tcp any any -> any any («http.uri»; http.method; content:\"a\"; sid:1;)",
     "nothing looks into http.uri"},
    {"alert tcp any any -> any any (content:\"a\"; «http.uri»; sid:1;)",
     "nothing looks into http.uri"},
    {"alert tcp any any -> any any (http.uri; «dotprefix»; content:\"a\"; sid:1;)",
     "dotprefix goes with http.host and tls.sni, not http.uri"},
    {"alert tcp any any -> any any (http.host; content:\"a\"; «dotprefix»; content:\".b\"; sid:1;)",
     "dotprefix must stand directly behind http.host or tls.sni"},
    {"alert tcp any any -> any any (http.host; content:«\"aB\"»; sid:1;)",
     "the buffer is in lower case: a content with capitals is never found (write it in lower case, "
     "or add nocase)"},
    {"alert tcp any any -> any any (tls.sni; content:«\"aB\"»; sid:1;)",
     "the buffer is in lower case: a content with capitals is never found (write it in lower case, "
     "or add nocase)"},
    {"alert tcp any any -> any any (flow:to_client; «http.uri»; content:\"a\"; sid:1;)",
     "http.uri is sent to the server, but flow says to the client"},
    {"alert tcp any any -> any any (flow:to_server; «http.stat_code»; content:\"2\"; sid:1;)",
     "http.stat_code is sent to the client, but flow says to the server"},
    {"alert tcp any any -> any any (http.uri; content:\"a\"; «http.stat_code»; content:\"2\"; "
     "sid:1;)",
     "http.stat_code is sent by the server, http.uri by the client: a rule looks into one message "
     "(join two rules by flowbits)"},
    {"alert tls any any -> any any («http.uri»; content:\"a\"; sid:1;)",
     "http.uri never exists in a rule on tls"},
    {"alert http any any -> any any («tls.sni»; content:\"a\"; sid:1;)",
     "tls.sni never exists in a rule on http"},
    {"alert tcp any any -> any any (http.uri; content:\"a\"; «tls.sni»; content:\"a\"; sid:1;)",
     "tls.sni is of TLS, but http.uri of HTTP: never both in one message"},
    {"alert ssh any any -> any any (file.data; content:«\"a\"»; sid:1;)",
     "file.data never exists in a rule on ssh"},
    {"alert tcp any any -> any any (http.uri; content:\"a\"; «replace»:\"b\"; sid:1;)",
     "replace exchanges bytes of the stream: the content must not have a buffer"},
    {"alert tcp any any -> any any (content:!\"a\"; «replace»:\"b\"; sid:1;)",
     "a negated content has nothing to replace"},
    {"drop tcp any any -> any any (content:\"a\"; «replace»:\"b\"; sid:1;)",
     "replace goes with the action alert"},
    {"alert tcp any any -> any any (content:\"a\"; replace:\"b\"; content:\"c\"; «replace»:\"d\"; "
     "sid:1;)",
     "a rule has one replace"},
    {"alert tcp any any -> any any (pcre:\"/a«(»?=b)/\"; sid:1;)",
     "look-ahead cannot be matched in a stream"},
    {"alert tcp any any -> any any (pcre:\"/ab«(»c/i\"; sid:1;)",
     "the group has no end: ')' is missing"},
    {"alert tcp any any -> any any (pcre:\"«ab»\"; sid:1;)",
     "the expression must stand between slashes: pcre:\"/ab+c/i\""},
    {"alert tcp any any -> any any (pcre:«/ab/»; sid:1;)",
     "the expression must stand in quotes: pcre:\"/ab+c/i\""},
    {"alert tcp any any -> any any (pcre:\"«//»\"; sid:1;)", "an empty expression"},
    {"alert tcp any any -> any any (pcre:\"/a/«q»\"; sid:1;)",
     "pcre knows no letter \"q\" behind the expression"},
    {"alert tcp any any -> any any (pcre:\"/a/«D»\"; sid:1;)",
     "the letter D names a raw buffer that Sluice does not keep (H: headers, W: host)"},
    {"alert tcp any any -> any any (pcre:\"/a/U«H»\"; sid:1;)",
     "the letter H names a second buffer"},
    {"alert tcp any any -> any any (http.uri; pcre:\"/a/«I»\"; sid:1;)",
     "the letter I names a buffer, but http.uri is set: write pkt_data before, or leave the letter "
     "out"},
    {"alert tcp any any -> any any («bsize»:5; sid:1;)",
     "bsize needs a sticky buffer before it (http.uri; bsize:10;): a stream has no length"},
    {"alert tcp any any -> any any (http.uri; bsize:«x»; sid:1;)",
     "the length must be a number from 0 to 4294967295, not \"x\""},
    {"alert tcp any any -> any any (http.uri; bsize:«5<>6»; sid:1;)", "there is no such length"},
    {"alert tcp any any -> any any (http.uri; bsize:«<0»; sid:1;)", "there is no such length"},
    {"alert tcp any any -> any any (urilen:5,«foo»; sid:1;)", "behind the length: norm or raw"},
    {"alert tcp any any -> any any (urilen:«<0»; sid:1;)", "there is no such length"},
    {"alert tcp any any -> any any (byte_test:«9»,>,1,0; sid:1;)",
     "a binary number has 1 to 8 bytes, not 9"},
    {"alert tcp any any -> any any (byte_test:4,«?»,1,0; sid:1;)",
     "an operator is one of < > = <= >= & ^, with ! in front for the opposite"},
    {"alert tcp any any -> any any (byte_test:«4,>,1»; sid:1;)",
     "a byte_test is: "
     "BYTES,[!]OPERATOR,VALUE,OFFSET[,relative][,big|little][,string,hex|dec|oct][,bitmask M]"},
    {"alert tcp any any -> any any (byte_test:4,>,«x»,0; sid:1;)",
     "\"x\" is no number (names that byte_extract makes are not in Sluice)"},
    {"alert tcp any any -> any any (byte_test:4,>,1,0,«foo»; sid:1;)",
     "byte_test does not know \"foo\""},
    {"alert tcp any any -> any any (byte_test:«4»,>,1,0,string; sid:1;)",
     "numbers written as text need string and one of hex, dec and oct"},
    {"alert tcp any any -> any any (byte_test:4,>,1,0,big,«little»; sid:1;)",
     "\"little\" says again or otherwise what was said before"},
    {"alert tcp any any -> any any (byte_test:4,>,1,0,«dce»; sid:1;)",
     "dce needs a parser that Sluice does not have"},
    {"alert tcp any any -> any any (byte_test:4,>,1,0,«align»; sid:1;)",
     "byte_test does not know \"align\""},
    {"alert tcp any any -> any any (byte_test:4,>,1,«-3»; sid:1;)",
     "an offset below 0 goes with relative"},
    {"alert tcp any any -> any any (byte_jump:«4»; sid:1;)",
     "a byte_jump is: BYTES,OFFSET[,relative][,multiplier "
     "N][,big|little][,string,hex|dec|oct][,align][,from_beginning|from_end][,post_offset "
     "N][,bitmask M]"},
    {"alert tcp any any -> any any (byte_jump:4,0,«multiplier»; sid:1;)",
     "multiplier needs a number"},
    {"alert tcp any any -> any any (byte_jump:4,0,multiplier «0»; sid:1;)",
     "multiplier must be a number from 1 to 65535, not \"0\""},
    {"alert tcp any any -> any any (byte_jump:4,0,from_beginning,«from_end»; sid:1;)",
     "\"from_end\" says again or otherwise what was said before"},
    {"alert tcp any any -> any any (isdataat:«x»; sid:1;)",
     "\"x\" is no number (names that byte_extract makes are not in Sluice)"},
    {"alert tcp any any -> any any (isdataat:5,«foo»; sid:1;)",
     "isdataat is: [!]N[,relative][,rawbytes]"},
    {"alert tcp any any -> any any (flow:to_server,«to_client»; sid:1;)",
     "\"to_client\": flow names a direction already"},
    {"alert tcp any any -> any any (flow:established,«stateless»; sid:1;)",
     "established and stateless exclude each other"},
    {"alert tcp any any -> any any (flow:«not_established»; sid:1;)",
     "not_established never holds: Sluice sees the data of established connections"},
    {"alert tcp any any -> any any (flow:«no_stream»; sid:1;)",
     "no_stream asks for packets; Sluice sees streams"},
    {"alert tcp any any -> any any (flow:«estblished»; sid:1;)",
     "flow knows established, to_server, to_client, from_client, from_server, stateless and "
     "only_stream, not \"estblished\""},
    {"alert tcp any any -> any any (flowbits:«set»; sid:1;)", "flowbits:set needs a name"},
    {"alert tcp any any -> any any (flowbits:«sett»,a; sid:1;)",
     "flowbits knows set, unset, toggle, isset, isnotset and noalert, not \"sett\""},
    {"alert tcp any any -> any any (flowbits:set,«a|b»; sid:1;)",
     "several names with | go with isset and isnotset only"},
    {"alert tcp any any -> any any (flowbits:set,«a b»; sid:1;)",
     "the name of a flowbit is 1 to 128 bytes without blanks and commas"},
    {"alert tcp any any -> any any (flowbits:«noalert,a»; sid:1;)",
     "flowbits:noalert takes no name"},
    {"alert tcp any any -> any any (threshold:«type limit, track by_src»; sid:1;)",
     "a threshold is: type limit|threshold|both, track by_src|by_dst|by_both|by_rule, count N, "
     "seconds S"},
    {"alert tcp any any -> any any (threshold:«type limits», track by_src, count 1, seconds 1; "
     "sid:1;)",
     "type is limit, threshold or both"},
    {"alert tcp any any -> any any (threshold:type limit, track by_src, count «0», seconds 1; "
     "sid:1;)",
     "count must be a number from 1 to 2147483647, not \"0\""},
    {"alert tcp any any -> any any (threshold:type limit, «type limit», track by_src, count 1, "
     "seconds 1; sid:1;)",
     "\"type limit\": given twice"},
    {"alert tcp any any -> any any (threshold:type limit, «track by_flow», count 1, seconds 1; "
     "sid:1;)",
     "track is by_src, by_dst, by_both or by_rule"},
    {"«var»", "var needs a name of letters, digits and _ (at most 64), without a $"},
    {"var «A»", "the variable A needs a value"},
    {"var «9-A» x", "var needs a name of letters, digits and _ (at most 64), without a $"},
    {"config «foo: bar»",
     "of config lines Sluice knows: config classification: name,description,priority"},
    {"config classification: «a,b»", "a classification is: name,description,priority"},
    {"config classification: a,b,«0»", "the priority must be a number from 1 to 255, not \"0\""},
    {"alert tcp any any ->«»", "destination addresses must stand here: action protocol source "
                               "ports -> destination ports (options)"},
};

#define OPEN  "\xc2\xab" /* the marks: angle quotes */
#define CLOSE "\xc2\xbb"

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024];
        struct told_rules rules;
        const char *open = strstr(rows[i].rule, OPEN);
        const char *close = strstr(rows[i].rule, CLOSE);
        assert_non_null(open);
        assert_non_null(close);
        size_t column = (size_t)(open - rows[i].rule) + 1;
        size_t length = (size_t)(close - open) - 2;
        snprintf(text, sizeof(text), "\n%.*s%.*s%s\n", (int)column - 1, rows[i].rule, (int)length,
                 open + 2, close + 2);
        told_parse(&rules, text);
        const struct told *told = &rules.told[0];
        if (rules.count != 1 || told->severity != RULES_ERROR || told->line != 2 ||
            told->column != column || told->length != length ||
            strcmp(told->text, rows[i].text) != 0) {
            for (size_t k = 0; k < rules.count && k < TOLD_MAX; k++) {
                print_error("told: %u:%u+%u: %s\n", rules.told[k].line, rules.told[k].column,
                            rules.told[k].length, rules.told[k].text);
            }
            fail_msg("row %zu: %s\nwanted: 2:%zu+%zu: %s", i, rows[i].rule, column, length,
                     rows[i].text);
        }
        assert_int_equal(rules.set->count, 0);
        told_free(&rules);
    }
    print_message("%zu bad rules\n", sizeof(rows) / sizeof(rows[0]));
}

/* One rule may have several faults: all are told, and the other rules are kept. */
static void test_several(void **state)
{
    (void)state;
    struct told_rules rules;
    told_parse(&rules, "drop udp any any -> any 70000 (dsize:3; content:\"\\x\"; sid:1;)\n"
                       "drop tcp any any -> any 80 (content:\"x\"; sid:2;)\n");
    assert_int_equal(rules.count, 4);
    assert_int_equal(rules.set->errors, 4);
    assert_int_equal(rules.set->count, 1);
    assert_int_equal(rules.set->rules[0].sid, 2);
    told_free(&rules);
}

/* The first rule with a sid is named; another gid has its own sids. */
static void test_duplicate(void **state)
{
    (void)state;
    struct told_rules rules;
    told_parse(&rules, HEAD "(sid:7;)\n" HEAD "(gid:2; sid:7;)\n\n" HEAD "(sid:7;)\n");
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text, "sid 7 is taken: x.rules:1 has it");
    assert_int_equal(rules.told[0].line, 4);
    assert_int_equal(rules.told[0].column, 1);
    assert_int_equal(rules.set->count, 2);
    assert_ptr_equal(rule_set_find(rules.set, 1, 7), &rules.set->rules[0]);
    assert_ptr_equal(rule_set_find(rules.set, 2, 7), &rules.set->rules[1]);
    assert_null(rule_set_find(rules.set, 1, 8));
    told_free(&rules);
}

/* Places in continued lines are those of the file. */
static void test_continued(void **state)
{
    (void)state;
    struct told_rules rules;
    told_parse(&rules, HEAD "(content:\"x\"; \\\r\n   nocase; \\\n  deth:3; sid:1;)\n");
    assert_int_equal(rules.count, 1);
    assert_int_equal(rules.told[0].line, 3);
    assert_int_equal(rules.told[0].column, 3);
    assert_string_equal(rules.told[0].text, "unknown keyword \"deth\"; did you mean \"depth\"?");
    assert_string_equal(rules.told[0].source, "  deth:3; sid:1;)");
    assert_int_equal(rules.told[0].caret, 2);
    assert_int_equal(rules.told[0].underline, 4);
    told_free(&rules);
}

/* A long line is shown in part, with the caret at the right byte. */
static void test_excerpt(void **state)
{
    (void)state;
    char text[2048];
    char filler[1001];
    struct told_rules rules;
    memset(filler, 'a', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    snprintf(text, sizeof(text), HEAD "(content:\"%s\"; nocasse; content:\"%s\"; sid:1;)", filler,
             filler + 500);
    told_parse(&rules, text);
    assert_int_equal(rules.count, 1);
    assert_int_equal(rules.told[0].column, strlen(HEAD) + 1 + strlen("content:\"\"; ") + 1000 + 1);
    assert_true(strlen(rules.told[0].source) <= 146);
    assert_memory_equal(rules.told[0].source + rules.told[0].caret, "nocasse", 7);
    assert_int_equal(rules.told[0].underline, 7);
    assert_memory_equal(rules.told[0].source, "...a", 4);
    told_free(&rules);
}

/* As compilers print it. */
static void test_print(void **state)
{
    (void)state;
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");
    assert_non_null(out);
    rules_diagnostic_print(out, &(struct rules_diagnostic){
                                    .severity = RULES_ERROR,
                                    .place = {.line = 12, .column = 6, .length = 3},
                                    .path = "web.rules",
                                    .text = "bad",
                                    .source = "\t\xc3\xa4 (abc)",
                                    .caret = 5,
                                    .underline = 3,
                                });
    rules_diagnostic_print(out, &(struct rules_diagnostic){
                                    .severity = RULES_WARNING, .path = "web.rules", .text = "odd"});
    fclose(out);
    assert_string_equal(text, "web.rules:12:6: error: bad\n"
                              " \xc3\xa4 (abc)\n"
                              "    ^~~\n"
                              "web.rules: warning: odd\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),    cmocka_unit_test(test_several),
        cmocka_unit_test(test_duplicate), cmocka_unit_test(test_continued),
        cmocka_unit_test(test_excerpt),   cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
