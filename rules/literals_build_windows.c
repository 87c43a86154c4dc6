/* SPDX-License-Identifier: MIT */
/* How common a window is: estimated from the frequencies of single bytes, from a sample of ordinary
 * traffic and from how many literals have it. */
#include "rules/literals_build_windows.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals_section.h"

#define COUNT_BITS 16u
/* Windows are looked for in this many bytes of a literal: the farther they lie, the more bytes must
 * be looked at again at a piece's end. */
#define PLACE_MAX  64u

struct literals_windows {
    double bytes[256]; /* share of a byte in traffic, after folding */
    uint32_t counts[1u << COUNT_BITS];
    uint8_t sampled[1u << COUNT_BITS];
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
/* Added for a window that the sample has, for one byte repeated, and for every literal that has it:
 * traffic made of the literals' own bytes. */
#define SHARE_SAMPLED  3e-4
#define SHARE_REPEATED 2e-3
#define SHARE_HOSTILE  1e-6

/* Ordinary traffic, as the protocols' documents and everyday pages have it. */
static const char sample[] =
    "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (Windows NT "
    "10.0; "
    "Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n"
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 2.0.50727) Gecko/20100101 "
    "Firefox/115.0 (X11; Linux x86_64; rv:109.0) (Macintosh; Intel Mac OS X 10_15_7) Opera/9.80 "
    "Version/12.16 curl/7.88.1 Wget/1.21.3 python-requests/2.31.0 Java/1.8.0_391 "
    "Go-http-client/1.1 Googlebot/2.1 +http://www.google.com/bot.html\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,"
    "image/jpeg,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, "
    "br\r\nConnection: keep-alive\r\nConnection: close\r\nUpgrade-Insecure-Requests: 1\r\n"
    "Referer: https://www.example.com/\r\nCookie: session=0123456789abcdef; path=/; HttpOnly; "
    "Secure\r\nCache-Control: no-cache\r\nPragma: no-cache\r\nOrigin: http://\r\n"
    "POST /login.php HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Type: multipart/form-data; boundary=--------\r\nContent-Disposition: form-data; "
    "name=\"file\"; filename=\"\"\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n"
    "X-Forwarded-For: X-Requested-With: XMLHttpRequest\r\nAuthorization: Basic Bearer \r\n"
    "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 302 Found\r\nLocation: \r\n"
    "HTTP/1.1 304 Not Modified\r\nServer: Apache/2.4.57 (Debian)\r\nServer: nginx/1.22.1\r\n"
    "Server: Microsoft-IIS/10.0\r\nX-Powered-By: PHP/8.2 ASP.NET\r\nSet-Cookie: expires=\r\n"
    "Date: Tue, 01 Jul 2025 12:00:00 GMT\r\nLast-Modified: Mon, Wed, Thu, Fri, Sat, Sun, Jan Feb "
    "Mar Apr May Jun Aug Sep Oct Nov Dec 2024\r\nETag: \"\"\r\nVary: Accept-Encoding\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Type: application/json\r\ntext/css\r\n"
    "application/javascript\r\napplication/octet-stream\r\nContent-Encoding: gzip\r\n"
    "Cache-Control: max-age=3600, public, private, must-revalidate\r\nX-Content-Type-Options: "
    "nosniff\r\nStrict-Transport-Security: max-age=\r\nAccess-Control-Allow-Origin: *\r\n"
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\">\n<html xmlns=\"http://"
    "www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"\" "
    "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title></title>\n<link "
    "rel=\"stylesheet\" type=\"text/css\" href=\"/css/style.css\">\n<script "
    "type=\"text/javascript\" "
    "src=\"/js/jquery.min.js\"></script>\n<script>function(){var document.getElementById window."
    "location return this.length;} if (typeof undefined) else {}</script>\n<style></style></head>\n"
    "<body>\n<div class=\"container\" id=\"content\">\n<p>\n<span></span><a href=\"http://www\">"
    "</a></p>\n<ul>\n<li></li>\n</ul>\n<table border=\"0\">\n<tr><td></td></tr></table>\n<img "
    "src=\"/"
    "images/logo.png\" alt=\"\" />\n<form action=\"/search.php\" method=\"post\"><input "
    "type=\"hidden"
    "\" name=\"id\" value=\"\"><input type=\"submit\"></form>\n<br>\n<h1></h1>\n<pre></pre>\n<code>"
    "</code></div>\n</body>\n</html>\n&nbsp;&amp;&lt;&gt;&quot; .html .php .asp .aspx .jsp .cgi "
    ".exe "
    ".zip .txt .pdf .gif .jpg .png .css .js .json .xml .com .org .net/ /cgi-bin/ /wp-content/"
    "plugins/ /wp-admin/ /wp-includes/ /admin/ /images/ /uploads/ /modules/ /themes/ /scripts/ "
    "/assets/ /static/ /include/ /config/ /server/ /system/ /public/ /downloads/ /content/ "
    "index. login. search. ?id= ?page= &user= &name= &type= ?action= ?cmd= &lang= &key= "
    "the and that for with this from have not are you all was can will has one which their there "
    "other about when more use only should each function value option default example version "
    "file name data string number time list type user system information password error message";

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
    for (size_t i = 0; i + LITERALS_WINDOW < sizeof(sample); i++)
        windows
            ->sampled[literals_hash(literals_window_at((const uint8_t *)sample + i), COUNT_BITS)] =
            1;
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

/* How much work a window is expected to cause, by byte of traffic. */
static double window_cost(const struct literals_windows *windows, const uint8_t *bytes)
{
    const uint32_t window = literals_window_at(bytes);
    const uint32_t hash = literals_hash(window, COUNT_BITS);
    double share = 1;

    for (uint32_t i = 0; i < LITERALS_WINDOW; i++)
        share *= windows->bytes[bytes[i] | 0x20];
    if (windows->sampled[hash] != 0)
        share += SHARE_SAMPLED;
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
