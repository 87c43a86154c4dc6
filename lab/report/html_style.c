/* SPDX-License-Identifier: MIT */
/* The page's style sheet: system fonts, two sets of colours, rules for paper. Curves differ by
 * dashes and labels too, never by colour alone. */
#include "report/html_style.h"

#include <stddef.h>

const char *const html_style[] = {
    ":root{color-scheme:light dark;--back:#fdfdfc;--card:#fff;--ink:#1c2127;--dim:#5a646f;"
    "--rule:#d8dde2;--bad:#b3261e;--bad-back:#fdecea;--warn:#7a4d00;--warn-back:#fff4de;"
    "--good:#1b6e3c;--good-back:#e6f5ec;--c0:#1f5fbf;--c1:#b4490c;--c2:#2b7a44;--c3:#7b3fa0;"
    "--c4:#0f7583;--c5:#a8326b;--code:#f3f5f7}\n",
    "@media(prefers-color-scheme:dark){:root{--back:#14171a;--card:#1b1f24;--ink:#e4e8ec;"
    "--dim:#9aa5b1;--rule:#343b43;--bad:#ff8a80;--bad-back:#3b1a18;--warn:#ffc46b;"
    "--warn-back:#38290d;--good:#7fd6a0;--good-back:#143122;--c0:#7db1ff;--c1:#ffa267;"
    "--c2:#7dd394;--c3:#cfa3ee;--c4:#6fd0de;--c5:#ff9bc6;--code:#23282e}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0;background:var(--back);color:var(--ink);"
    "font:16px/1.5 system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n",
    "main,header{max-width:72rem;margin:0 auto;padding:0 1.25rem}\n",
    "header{padding-top:1.75rem}\nh1{font-size:1.7rem;line-height:1.25;margin:0 0 .75rem}\n",
    "h2{font-size:1.3rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--rule);"
    "padding-bottom:.3rem}\n",
    "h3{font-size:1.1rem;line-height:1.35;margin:0 0 .6rem}\nh4{font-size:1rem;margin:1.2rem 0 "
    ".4rem}\n",
    "p{margin:.5rem 0}\na{color:var(--c0)}\n",
    ":focus-visible{outline:3px solid var(--c0);outline-offset:2px}\n",
    "code,pre,.m{font-family:ui-monospace,'Cascadia Mono',Consolas,'DejaVu Sans Mono',monospace;"
    "font-size:.875em}\n",
    "pre{background:var(--code);padding:.75rem 1rem;border-radius:6px;overflow-x:auto;margin:.4rem "
    "0}\n",
    "pre code{font-size:1em}\n",
    ".verdict{display:inline-block;font-weight:600;padding:.35rem .8rem;border-radius:6px;"
    "border:1px solid currentColor}\n",
    ".bad{color:var(--bad);background:var(--bad-back)}.warn{color:var(--warn);"
    "background:var(--warn-back)}.good{color:var(--good);background:var(--good-back)}\n",
    ".chip{display:inline-block;font-size:.8rem;font-weight:600;padding:.05rem .5rem;"
    "border-radius:99px;border:1px solid currentColor;margin-right:.4rem;vertical-align:.1em}\n",
    ".dim{color:var(--dim)}\n",
    "article,figure{background:var(--card);border:1px solid var(--rule);border-radius:8px;"
    "padding:1rem 1.25rem;margin:0 0 1.25rem}\n",
    "article.e{border-left:5px solid var(--bad)}article.w{border-left:5px solid var(--warn)}\n",
    "figcaption{color:var(--dim);font-size:.9rem;margin-bottom:.5rem}\n",
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.1rem;margin:.5rem 0}\n",
    "dt{color:var(--dim);grid-column:1}dd{margin:0;grid-column:2;overflow-wrap:anywhere}\n",
    ".facts{display:flex;flex-wrap:wrap;gap:.25rem 1.75rem;margin:.9rem 0;padding:0;"
    "list-style:none;color:var(--dim);font-size:.95rem}.facts b{color:var(--ink);"
    "font-weight:600}\n",
    ".scroll{overflow-x:auto}\n",
    "table{border-collapse:collapse;font-size:.9rem;margin:.4rem 0}\n",
    "th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--rule);"
    "vertical-align:top}\n",
    "th{color:var(--dim);font-weight:600}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums}\n",
    "tr.bad td,tr.bad th{background:var(--bad-back)}\n",
    "summary{cursor:pointer;color:var(--dim)}\n",
    "td.n,th.n{white-space:nowrap}.broad{min-width:11rem}.wrap{white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n",
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap}\n",
    ".medium,.narrow{display:none}@media(max-width:70rem){.wide{display:none}"
    ".medium{display:block}}.shown{margin-top:2rem}h2.chapter{font-size:1.55rem;margin-top:3.5rem;"
    "border-bottom:2px solid var(--ink)}\n",
    "@media(max-width:40rem){main,header,footer{padding-left:.8rem;padding-right:.8rem}.minor{"
    "display:none}article,figure{padding:.8rem}"
    "h1{font-size:1.35rem;overflow-wrap:anywhere}dl{display:block}dt{margin-top:.5rem}"
    "dd{margin:0}pre{padding:.6rem}.medium{display:none}.narrow{display:block}}\n",
    "svg{display:block;max-width:100%;height:auto;font:12px system-ui,'DejaVu Sans',sans-serif}\n",
    ".scroll svg{max-width:none}\n",
    "svg text{fill:var(--ink)}svg .dim{fill:var(--dim)}svg .grid{stroke:var(--rule)}\n",
    "svg .lane{stroke:var(--rule)}svg .line{fill:none;stroke-width:2}\n",
    "svg .mark{stroke:var(--card);stroke-width:1}svg .letter{fill:var(--card);font-weight:700;"
    "font-size:10px;text-anchor:middle}\n",
    "svg .s0{stroke:var(--c0)}svg .s1{stroke:var(--c1)}svg .s2{stroke:var(--c2)}"
    "svg .s3{stroke:var(--c3)}svg .s4{stroke:var(--c4)}svg .s5{stroke:var(--c5)}\n",
    "svg .f0{fill:var(--c0)}svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}"
    "svg .f4{fill:var(--c4)}svg .f5{fill:var(--c5)}svg .fb{fill:var(--bad)}\n",
    "svg .span{stroke:var(--dim);stroke-width:2}\n",
    "footer{max-width:72rem;margin:2rem auto;padding:0 1.25rem 2rem;color:var(--dim);"
    "font-size:.9rem}\n",
    "@media print{:root{--back:#fff;--card:#fff;--ink:#000;--dim:#444;--rule:#bbb;--code:#f4f4f4;"
    "--bad:#a01810;--c0:#1f5fbf;--c1:#b4490c;--c2:#2b7a44;--c3:#7b3fa0;--c4:#0f7583;--c5:#a8326b;"
    "--bad-back:#fff;--warn-back:#fff;--good-back:#fff}"
    "body{font-size:10.5pt}article,figure,tr{break-inside:avoid}pre{white-space:pre-wrap}"
    ".scroll{overflow:hidden}nav,.minor,.wide,.narrow{display:none}.medium{display:block}"
    ".broad{min-width:0}td.m{overflow-wrap:anywhere}}\n",
    NULL,
};
