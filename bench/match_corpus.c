/* SPDX-License-Identifier: MIT */
/* Literals and texts for measuring the matcher. */
#include "bench/match_corpus.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const folders[] = {
    "admin",  "api",     "app",     "assets", "bin",     "blog",     "cgi-bin",    "cms",
    "config", "content", "css",     "data",   "dist",    "docs",     "downloads",  "fonts",
    "forum",  "gate",    "images",  "img",    "include", "js",       "lib",        "login",
    "mail",   "media",   "modules", "news",   "old",     "panel",    "php",        "plugins",
    "portal", "public",  "scripts", "search", "server",  "shop",     "site",       "src",
    "static", "store",   "system",  "themes", "tmp",     "tools",    "upload",     "uploads",
    "user",   "v1",      "v2",      "vendor", "web",     "wp-admin", "wp-content", "wp-includes"};
static const char *const files[] = {
    "index",   "login", "main",  "view",   "list", "get",    "post",   "update", "check", "config",
    "install", "setup", "style", "jquery", "logo", "banner", "report", "status", "task",  "gate",
    "load",    "info",  "test",  "shell",  "cmd",  "upload", "search", "feed",   "page",  "item"};
static const char *const suffixes[] = {".php", ".asp", ".aspx", ".html", ".js",  ".css", ".png",
                                       ".jpg", ".gif", ".exe",  ".zip",  ".jsp", ".cgi", ".txt"};
static const char *const keys[] = {"id",    "page", "q",    "user", "name", "file", "cmd", "action",
                                   "token", "key",  "lang", "mode", "type", "uid",  "ver", "os"};
static const char *const agents[] = {"Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
                                     "Mozilla/4.0 (compatible; MSIE 6.0; ",
                                     "Mozilla/5.0 (X11; Linux x86_64)",
                                     "Opera/9.80 (Windows NT 5.1; U; ",
                                     "curl/7.",
                                     "Wget/1.",
                                     "python-requests/2.",
                                     "Java/1.8.0_",
                                     "Go-http-client/",
                                     "Mozilla/5.0 (compatible; "};
static const char *const bots[] = {"Bot",   "Agent", "Loader", "Update", "Scan", "Spider", "Client",
                                   "Crawl", "Http",  "Get",    "Net",    "Down", "Info",   "Web"};
static const char *const servers[] = {"nginx/1.22.1", "Apache/2.4.57 (Debian)",
                                      "Microsoft-IIS/10.0", "cloudflare"};
static const char *const types[] = {"text/html; charset=utf-8", "application/javascript",
                                    "image/png", "application/json", "text/css"};

/* splitmix64. */
static uint32_t draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (uint32_t)((z ^ z >> 31) >> 16);
}

#define PICK(table, seed) ((table)[draw(seed) % COUNT(table)])

static size_t word(uint64_t *seed, char *text, size_t size, uint32_t shortest, uint32_t longest)
{
    static const char consonants[] = "bcdfghjklmnprstvwxz", vowels[] = "aeiou";
    const uint32_t length = shortest + draw(seed) % (longest - shortest + 1);
    size_t i = 0;

    for (; i < length && i + 1 < size; i++)
        text[i] = i % 2 == 0 ? consonants[draw(seed) % (sizeof(consonants) - 1)]
                             : vowels[draw(seed) % (sizeof(vowels) - 1)];
    text[i] = '\0';
    return i;
}

static size_t uri(uint64_t *seed, char *text, size_t size)
{
    char name[16];
    size_t used = 0;

    for (uint32_t depth = 1 + draw(seed) % 2; depth > 0; depth--)
        used += (size_t)snprintf(text + used, size - used, "/%s", PICK(folders, seed));
    if (draw(seed) % 3 == 0)
        snprintf(name, sizeof(name), "%s", PICK(files, seed));
    else
        word(seed, name, sizeof(name), 4, 9);
    used += (size_t)snprintf(text + used, size - used, "/%s%s", name, PICK(suffixes, seed));
    if (draw(seed) % 2 == 0) {
        word(seed, name, sizeof(name), 2, 8);
        used += (size_t)snprintf(text + used, size - used, "?%s=%s%u", PICK(keys, seed), name,
                                 draw(seed) % 100);
    }
    return used;
}

static size_t agent(uint64_t *seed, char *text, size_t size)
{
    char name[16];

    word(seed, name, sizeof(name), 4, 8);
    name[0] = (char)(name[0] - 32);
    if (draw(seed) % 2 == 0)
        return (size_t)snprintf(text, size, "%s%s%s/%u.%u", PICK(agents, seed), name,
                                PICK(bots, seed), draw(seed) % 10, draw(seed) % 10);
    return (size_t)snprintf(text, size, "%s%s %u.%u", name, PICK(bots, seed), draw(seed) % 10,
                            draw(seed) % 20);
}

static size_t token(uint64_t *seed, char *text, size_t size)
{
    char first[16], second[16];

    word(seed, first, sizeof(first), 3, 8);
    word(seed, second, sizeof(second), 3, 8);
    switch (draw(seed) % 5) {
    case 0:
        return (size_t)snprintf(text, size, "%s_%s", first, second);
    case 1:
        return (size_t)snprintf(text, size, "%c%s%c%s", first[0] - 32, first + 1, second[0] - 32,
                                second + 1);
    case 2:
        return (size_t)snprintf(text, size, "cmd=%s&%s=", first, second);
    case 3:
        return (size_t)snprintf(text, size, "%s|%s|%u", first, second, draw(seed) % 1000);
    default:
        return (size_t)snprintf(text, size, "%s%s%u", first, second, draw(seed) % 100);
    }
}

static size_t byte_string(uint64_t *seed, char *text, size_t size)
{
    const size_t length = 5 + draw(seed) % 16;

    for (size_t i = 0; i < length; i++)
        text[i] = draw(seed) % 4 == 0 ? 0 : (char)draw(seed);
    return length;
}

void corpus_literals(struct corpus_literal *literals, uint32_t count)
{
    uint64_t seed = 20250701;
    char text[256];

    for (uint32_t i = 0; i < count;) {
        const uint32_t kind = draw(&seed) % 100;
        struct corpus_literal *literal = &literals[i];
        size_t length;
        bool known = false;
        if (kind < 35)
            length = uri(&seed, text, sizeof(text));
        else if (kind < 55)
            length = agent(&seed, text, sizeof(text));
        else if (kind < 80)
            length = token(&seed, text, sizeof(text));
        else
            length = byte_string(&seed, text, sizeof(text));
        if (length < 5)
            continue;
        literal->length = (uint32_t)(length < CORPUS_LITERAL_MAX ? length : CORPUS_LITERAL_MAX);
        literal->nocase = kind < 80 && draw(&seed) % 3 == 0;
        memcpy(literal->bytes, text, literal->length);
        for (uint32_t j = 0; j < i && !known; j++)
            known = literals[j].length == literal->length &&
                    memcmp(literals[j].bytes, literal->bytes, literal->length) == 0;
        i += !known;
    }
}

static size_t body(uint64_t *seed, char *text, size_t size)
{
    const size_t wanted = 200 + draw(seed) % 3000;
    size_t used = 0;
    char name[32];

    while (used < wanted && used + 128 < size) {
        word(seed, name, sizeof(name), 2, 11);
        switch (draw(seed) % 24) {
        case 0:
            used += (size_t)snprintf(text + used, size - used, "<a href=\"/%s/%s\">%s</a> ",
                                     PICK(folders, seed), name, name);
            break;
        case 1:
            used += (size_t)snprintf(text + used, size - used, "</p>\n<p class=\"%s\">", name);
            break;
        case 2:
            used += (size_t)snprintf(text + used, size - used, "\"%s\": %u, ", name,
                                     draw(seed) % 10000);
            break;
        default:
            used += (size_t)snprintf(text + used, size - used, "%s ", name);
        }
    }
    return used;
}

/* A request and its response. */
static size_t exchange(uint64_t *seed, const struct corpus_literal *literals, uint32_t count,
                       char *text, size_t size)
{
    static char page[8192];
    char path[256], host[32];
    const struct corpus_literal *seen = &literals[draw(seed) % count];
    size_t used = 0;

    word(seed, host, sizeof(host), 4, 12);
    uri(seed, path, sizeof(path));
    used += (size_t)snprintf(text + used, size - used,
                             "GET %s HTTP/1.1\r\nHost: www.%s.com\r\nUser-Agent: %s "
                             "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.0.0 "
                             "Safari/537.36\r\nAccept: text/html,application/xhtml+xml,"
                             "application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5"
                             "\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n",
                             path, host, agents[draw(seed) % 3], 90 + draw(seed) % 30);
    if (draw(seed) % 3 == 0)
        used += (size_t)snprintf(text + used, size - used,
                                 "Referer: http://www.%s.com/\r\nCookie: session=%08x%08x\r\n",
                                 host, draw(seed), draw(seed));
    /* One exchange in eight has something that a rule looks for. */
    if (draw(seed) % 8 == 0 && seen->length + 16 < size - used) {
        used += (size_t)snprintf(text + used, size - used, "X-Data: ");
        memcpy(text + used, seen->bytes, seen->length);
        used += seen->length;
        used += (size_t)snprintf(text + used, size - used, "\r\n");
    }
    const size_t length = body(seed, page, sizeof(page));
    used +=
        (size_t)snprintf(text + used, size - used,
                         "\r\nHTTP/1.1 200 OK\r\nServer: %s\r\nDate: Tue, %02u Jul 2025 "
                         "%02u:%02u:%02u GMT\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                         "Cache-Control: max-age=%u\r\nConnection: keep-alive\r\n\r\n",
                         PICK(servers, seed), 1 + draw(seed) % 28, draw(seed) % 24, draw(seed) % 60,
                         draw(seed) % 60, PICK(types, seed), length, draw(seed) % 100000);
    if (length < size - used) {
        memcpy(text + used, page, length);
        used += length;
    }
    return used;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

/* Puts what is wanted of a file into `text`, at most `room` bytes. */
typedef size_t take_from(FILE *file, uint8_t *text, size_t room);

static size_t take_file(FILE *file, uint8_t *text, size_t room)
{
    return fread(text, 1, room < 1u << 20 ? room : 1u << 20, file);
}

/* Payload of TCP over IPv4 over Ethernet in a pcap file of this machine's byte order (magic, packet
 * header: IETF draft-ietf-opsawg-pcap). */
static size_t take_payload(FILE *file, uint8_t *text, size_t room)
{
    static uint8_t frame[1 << 18];
    uint32_t header[6], packet[4];
    size_t used = 0;

    if (fread(header, sizeof(header), 1, file) != 1 ||
        (header[0] != 0xa1b2c3d4 && header[0] != 0xa1b23c4d) || (header[5] & 0xffff) != 1)
        return 0;
    while (fread(packet, sizeof(packet), 1, file) == 1 && packet[2] <= sizeof(frame) &&
           fread(frame, 1, packet[2], file) == packet[2]) {
        const uint8_t *ip = frame + 14;
        const size_t ip_header = (ip[0] & 15u) * 4u;
        const size_t total = 14 + ((size_t)ip[2] << 8 | ip[3]);
        if (packet[2] < 54 || frame[12] != 8 || frame[13] != 0 || ip[9] != 6 || total > packet[2])
            continue;
        const size_t payload = 14 + ip_header + (ip[ip_header + 12] >> 4) * 4u;
        if (payload >= total)
            continue;
        const size_t take = total - payload < room - used ? total - payload : room - used;
        memcpy(text + used, frame + payload, take);
        used += take;
    }
    return used;
}

/* The files below a folder whose names have `part` in them, one after the other, again and again.
 */
static bool fill_from_files(const char *folder, const char *part, take_from *take, uint8_t *text,
                            size_t length)
{
    char *const roots[] = {(char *)(uintptr_t)folder, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    size_t used = 0;

    if (tree == NULL)
        return false;
    for (FTSENT *entry; used < length && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F || strstr(entry->fts_name, part) == NULL)
            continue;
        FILE *file = fopen(entry->fts_path, "rb");
        if (file == NULL)
            continue;
        used += take(file, text + used, length - used);
        fclose(file);
    }
    fts_close(tree);
    for (size_t from = 0; used > 0 && used + from < length; from++)
        text[used + from] = text[from];
    return used > 0;
}

static void repeat(uint8_t *text, size_t length, const uint8_t *piece, size_t size)
{
    for (size_t i = 0; i < length; i++)
        text[i] = piece[i % size];
}

static void fill_with_literals(const struct corpus_literal *literals, uint32_t count, uint8_t *text,
                               size_t length, uint32_t from, uint32_t less)
{
    size_t used = 0;

    for (uint32_t i = 0; used < length; i = (i + 1) % count) {
        const size_t size = literals[i].length - less;
        const size_t take = size < length - used ? size : length - used;
        memcpy(text + used, literals[i].bytes + from, take);
        used += take;
    }
}

static const struct corpus_literal *longest(const struct corpus_literal *literals, uint32_t count)
{
    const struct corpus_literal *found = literals;

    for (uint32_t i = 1; i < count; i++) {
        if (literals[i].length > found->length)
            found = &literals[i];
    }
    return found;
}

/* The last five bytes that most literals have. */
static const uint8_t *common_tail(const struct corpus_literal *literals, uint32_t count)
{
    const uint8_t *best = NULL;
    uint32_t most = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *tail = literals[i].bytes + literals[i].length - 5;
        uint32_t seen = 0;
        for (uint32_t j = 0; j < count; j++)
            seen += memcmp(literals[j].bytes + literals[j].length - 5, tail, 5) == 0;
        if (seen > most) {
            most = seen;
            best = tail;
        }
    }
    return best;
}

const char *corpus_name(enum corpus_kind kind)
{
    static const char *const names[CORPUS_KINDS] = {"http",     "html",   "binary",   "headers",
                                                    "captures", "random", "but-last", "but-first",
                                                    "longest",  "tail"};

    return names[kind];
}

bool corpus_fill(enum corpus_kind kind, const struct corpus_literal *literals, uint32_t count,
                 uint8_t *text, size_t length)
{
    static char page[16384];
    uint64_t seed = 42;
    size_t used = 0;

    switch (kind) {
    case CORPUS_HTML:
        if (fill_from_files("/usr/share/doc", ".html", take_file, text, length))
            return true;
        while (used < length) {
            const size_t made = body(&seed, page, sizeof(page));
            const size_t take = made < length - used ? made : length - used;
            memcpy(text + used, page, take);
            used += take;
        }
        return true;
    case CORPUS_BINARY:
        return fill_from_files("/usr/lib", ".so", take_file, text, length);
    case CORPUS_HEADERS:
        return fill_from_files("/usr/include", ".h", take_file, text, length);
    case CORPUS_CAPTURES:
        return getenv("SLUICE_CAPTURES") != NULL &&
               fill_from_files(getenv("SLUICE_CAPTURES"), ".pcap", take_payload, text, length);
    case CORPUS_RANDOM:
        for (; used < length; used++)
            text[used] = (uint8_t)draw(&seed);
        return true;
    case CORPUS_BUT_LAST:
        fill_with_literals(literals, count, text, length, 0, 1);
        return true;
    case CORPUS_BUT_FIRST:
        fill_with_literals(literals, count, text, length, 1, 1);
        return true;
    case CORPUS_LONGEST: {
        const struct corpus_literal *literal = longest(literals, count);
        repeat(text, length, literal->bytes, literal->length - 1);
        return true;
    }
    case CORPUS_TAIL:
        repeat(text, length, common_tail(literals, count), 5);
        return true;
    default:
        while (used < length) {
            const size_t made = exchange(&seed, literals, count, page, sizeof(page));
            const size_t take = made < length - used ? made : length - used;
            memcpy(text + used, page, take);
            used += take;
        }
        return true;
    }
}
