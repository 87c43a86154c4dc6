/* SPDX-License-Identifier: MIT */
/* How common a window is: estimated from the frequencies of bytes in binary data and of pairs of
 * them in text, and from how many literals have it. */
#include "rules/literals_build_windows.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals_section.h"

#define COUNT_BITS 16u
/* Windows are looked for in this many bytes of a literal: the farther they lie, the more bytes must
 * be looked at again at a piece's end. */
#define PLACE_MAX  64u

struct literals_windows {
    double bytes[256]; /* share of a byte in traffic, after folding */
    uint8_t symbols[256];
    uint8_t fixed[1u << COUNT_BITS];
    uint32_t counts[1u << COUNT_BITS];
};

/* Shares in per mille of a mixture of text and binary data; what is not named has one of 1.5. */
static const struct {
    uint8_t byte;
    double share;
} shares[] = {
    {' ', 130}, {0x00, 60}, {'e', 60}, {'t', 48}, {'a', 45}, {'o', 40}, {'i', 40}, {'n', 38},
    {'s', 38},  {'r', 34},  {'l', 26}, {'d', 24}, {'c', 20}, {'h', 20}, {'m', 16}, {'p', 16},
    {'u', 16},  {'f', 12},  {'g', 11}, {'b', 9},  {'w', 9},  {'y', 8},  {'v', 6},  {'k', 4},
    {'x', 5},   {'j', 3},   {'z', 3},  {'q', 3},  {'/', 14}, {'.', 12}, {'-', 10}, {'=', 8},
    {'"', 8},   {'<', 8},   {'>', 8},  {':', 7},  {',', 7},  {';', 6},  {'\r', 8}, {'\n', 14},
    {'0', 12},  {'1', 11},  {'2', 8},  {'3', 6},  {'4', 6},  {'5', 6},  {'6', 5},  {'7', 5},
    {'8', 5},   {'9', 5},   {'_', 6},  {'(', 4},  {')', 4},  {'&', 3},  {'%', 3},  {'?', 2},
    {0xff, 20}, {0x48, 15}, {0x8b, 8}, {0x89, 8}, {0x0f, 5}, {'E', 5},  {'D', 5},  {0x24, 6},
};
#define SHARE_OTHER    1.5
/* Added for a window that `fixed` has, for one byte repeated, and for every literal that has the
 * window: traffic made of the literals' own bytes. */
#define SHARE_FIXED    3e-4
#define SHARE_REPEATED 2e-3
#define SHARE_HOSTILE  1e-6

/* What protocols and formats fix: field names and tokens of RFC 9110 and RFC 9112, elements of
 * HTML. */
static const char fixed[] =
    "GET / HTTP/1.1\r\nPOST / HTTP/1.0\r\nHost: \r\nUser-Agent: \r\nAccept: text/html, text/plain, "
    "image/*, application/*;q=0.8\r\nAccept-Language: \r\nAccept-Encoding: gzip, deflate\r\n"
    "Accept-Charset: utf-8\r\nConnection: keep-alive\r\nConnection: close\r\nUpgrade: \r\nReferer: "
    "http://https://\r\nCookie: \r\nSet-Cookie: expires=; path=/; domain=; Secure; HttpOnly\r\n"
    "Cache-Control: no-cache, no-store, max-age=, public, private, must-revalidate\r\nPragma: "
    "no-cache\r\nOrigin: \r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Type: "
    "multipart/form-data; boundary=\r\nContent-Disposition: form-data; name=\"\"; filename=\"\"\r\n"
    "Content-Length: \r\nContent-Encoding: gzip\r\nContent-Language: en\r\nTransfer-Encoding: "
    "chunked\r\nAuthorization: Basic \r\nHTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 302 "
    "Found\r\nHTTP/1.1 304 Not Modified\r\nLocation: \r\nServer: \r\nVia: \r\nDate: Sun, Mon, Tue, "
    "Wed, Thu, Fri, Sat, Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec GMT\r\nLast-Modified: "
    "\r\nExpires: \r\nETag: \r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n"
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\">\n<html xmlns=\"http://"
    "www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"\" "
    "content=\"text/html; charset=utf-8\">\n<title></title>\n<link rel=\"stylesheet\" "
    "type=\"text/css\" href=\"\">\n<script type=\"text/javascript\" "
    "src=\"\"></script>\n<style></style>"
    "</head>\n<body>\n<div class=\"\" id=\"\">\n<p>\n<span></span><a "
    "href=\"http://www.\"></a></p>\n"
    "<ul>\n<li></li>\n</ul>\n<table border=\"0\">\n<tr><td></td></tr></table>\n<img src=\"\" "
    "alt=\"\" "
    "/>\n<form action=\"\" method=\"post\"><input type=\"hidden\" name=\"\" "
    "value=\"\"></form>\n<br />"
    "\n<h1></h1>\n<pre></pre>\n<code></code></div>\n</body>\n</html>\n&nbsp;&amp;&lt;&gt;&quot;";

/* The symbols of text; '0' stands for all digits, one more behind them for all that is not here. */
static const char symbols[] = " abcdefghijklmnopqrstuvwxyz0\r\n/.-=\"<>:,;_()&%?'*";
#define SYMBOLS (sizeof(symbols) - 1)
/* So many digits, or bytes that are no symbols, share what the table says of all of them. */
#define DIGITS  10
#define OTHERS  64

/* How rarely one symbol (column) follows another (row) in English prose, source text and the header
 * fields of RFC 9110, letters of either case alike: the negative logarithm to base 2, at most 9. */
static const char pairs[SYMBOLS + 1][SYMBOLS + 2] = {
    "1565666775986666696557869995799985799998978999684",
    "4854587496963439593436799695979989999799999999997",
    "3466636994594884895584999593977779979899898999895",
    "5384738936755792696846999895979889959999899999996",
    "2477627993996995997686999894659679898678568999795",
    "3585465899995638573449785796669679998578677999897",
    "2477745973995993995756999794979549999968877999995",
    "3698929755996456894554998949668689898477677999796",
    "3399929993999894997946999997979869999689778999897",
    "7654554599984524595339697979999999989999999999999",
    "5499729796929993779493979999979859998877697999897",
    "3497829673997967898567979999559787997868557999797",
    "4389524993994994899555799599969899979669688999898",
    "4359728995985584399566999399976869999989698999898",
    "3494446395966964899436799799967779799667778999797",
    "4765385697955425593554669999979969999899899999999",
    "5398839964984894593635999698685969999569679999898",
    "3897999999998999956691949998998882998989677999895",
    "3486728694975544895456799599969769998679777999797",
    "2696927954988795599434989799968689898668677999796",
    "3497838934997794594555989599867759998677677999797",
    "5546746695994538593339999994979999999999999999997",
    "4299919994999796999779999995969988999989798999896",
    "5399749932998964995799939999978559998988658999897",
    "4475847994998898399629996793969749899867676999794",
    "1688969796996664396569979999959579898568657999696",
    "5599928971995796998899999796977959896978696999796",
    "4666666999999999999999999991739589999778998999894",
    "9999999999999999999999999999909999999999999999999",
    "2575767767996898797566799992939995999999999999894",
    "4767677647996686697676944893473899897976976999844",
    "3675757787898886697678889991939497799999698999887",
    "5483835887994598898754959984999949992999999999994",
    "1966988944999976899889999994989994793999999999895",
    "3675767776997667696666779897948678387734884989793",
    "4564555554874556586445778987995875647899889989593",
    "1776777776998667796678889999949597896959587999693",
    "1776776877998799697676899995945999999399999999997",
    "1999959999999999999999999997929999899999999999896",
    "2999999999999999949999999999909999999999999999997",
    "6554554764875555485445567987989989999985476999995",
    "4676667786987666685467879995958789499999873986582",
    "2999999999999999999999999999937589796442974997785",
    "2786777897998789697567779999969897999999499299795",
    "3475556656986675595267797994989878899999989879793",
    "1999899997999979799999999997937996666398964997593",
    "3665666776996667696547689995958779788625784989693",
    "3798888998978887798699999994952678798883765997643",
    "3665666876986666696465785984948588789976686999782",
};

uint32_t literals_window_at(const uint8_t *bytes)
{
    uint32_t window = 0;

    for (uint32_t i = 0; i < LITERALS_WINDOW; i++)
        window |= (uint32_t)bytes[i] << (8 * i);
    return window | LITERALS_FOLD_BITS;
}

struct literals_windows *literals_windows_create(void)
{
    struct literals_windows *windows = calloc(1, sizeof(*windows));
    double plain[256];

    if (windows == NULL)
        return NULL;
    for (uint32_t i = 0; i < 256; i++)
        plain[i] = SHARE_OTHER / 1000;
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        plain[shares[i].byte] = shares[i].share / 1000;
    for (uint32_t i = 0; i < 256; i++)
        windows->bytes[i | 0x20] += plain[i];
    for (uint32_t i = 0; i < 256; i++) {
        const uint32_t byte = i >= '0' && i <= '9' ? '0' : literals_fold(i);
        const char *symbol = byte != 0 ? strchr(symbols, (int)byte) : NULL;
        windows->symbols[i] = (uint8_t)(symbol != NULL ? symbol - symbols : (ptrdiff_t)SYMBOLS);
    }
    for (size_t i = 0; i + LITERALS_WINDOW < sizeof(fixed); i++) {
        const uint32_t window = literals_window_at((const uint8_t *)fixed + i);
        windows->fixed[literals_hash(window, COUNT_BITS)] = 1;
    }
    return windows;
}

void literals_windows_destroy(struct literals_windows *windows)
{
    free(windows);
}

static uint32_t last_place(const struct literals_item *item, uint32_t span)
{
    const uint32_t last = item->length - span;

    return last < PLACE_MAX ? last : PLACE_MAX;
}

void literals_windows_count(struct literals_windows *windows, const struct literals_item *item)
{
    for (uint32_t i = 0; i <= last_place(item, LITERALS_WINDOW); i++)
        windows->counts[literals_hash(literals_window_at(item->bytes + i), COUNT_BITS)]++;
}

/* How often a window begins at a place of a text. */
static double text_share(const struct literals_windows *windows, const uint8_t *bytes)
{
    double share = windows->bytes[bytes[0] | 0x20];

    for (uint32_t i = 1; i < LITERALS_WINDOW; i++) {
        const uint8_t before = windows->symbols[bytes[i - 1]], symbol = windows->symbols[bytes[i]];
        share /= 1 << (pairs[before][symbol] - '0');
        if (symbol == SYMBOLS)
            share /= OTHERS;
        else if (symbols[symbol] == '0')
            share /= DIGITS;
    }
    return share;
}

/* How much work a window is expected to cause, by byte of traffic. */
static double window_cost(const struct literals_windows *windows, const uint8_t *bytes)
{
    const uint32_t window = literals_window_at(bytes);
    const uint32_t hash = literals_hash(window, COUNT_BITS);
    double share = 1;

    for (uint32_t i = 0; i < LITERALS_WINDOW; i++)
        share *= windows->bytes[bytes[i] | 0x20];
    share += text_share(windows, bytes);
    if (windows->fixed[hash] != 0)
        share += SHARE_FIXED;
    if (window == (window << 8 | window >> 24))
        share += SHARE_REPEATED;
    return share * (2 + windows->counts[hash]) + SHARE_HOSTILE * windows->counts[hash];
}

uint32_t literals_windows_choose(const struct literals_windows *windows,
                                 const struct literals_item *item, uint32_t span)
{
    const uint32_t wide = span - LITERALS_WINDOW;
    uint32_t best = 0;
    double least = 0;

    for (uint32_t i = 0; i <= last_place(item, span); i++) {
        double cost = 1e-9 * i;
        for (uint32_t j = 0; j <= wide; j++)
            cost += window_cost(windows, item->bytes + i + j);
        if (i == 0 || cost < least) {
            best = i;
            least = cost;
        }
    }
    return best;
}
