/* SPDX-License-Identifier: MIT */
/* Pool tags of sluice.sys: one for each kind of object. The comment is the line of pooltag.txt. */
#pragma once

#define POOLTAG_FLOW       'lFlS' /* SlFl - sluice.sys - flow contexts */
#define POOLTAG_SCRATCH    'cSlS' /* SlSc - sluice.sys - parser state of undecided directions */
#define POOLTAG_BLOCK      'bHlS' /* SlHb - sluice.sys - held bytes */
#define POOLTAG_RELEASE    'eRlS' /* SlRe - sluice.sys - injections under way */
#define POOLTAG_EVENTS     'vElS' /* SlEv - sluice.sys - ring of events */
#define POOLTAG_POLICY     'lBlS' /* SlBl - sluice.sys - policy and block list */
#define POOLTAG_RULES      'uRlS' /* SlRu - sluice.sys - rule sets */
#define POOLTAG_THRESHOLDS 'hTlS' /* SlTh - sluice.sys - counters of rules with a threshold */
#define POOLTAG_STATISTICS 'tSlS' /* SlSt - sluice.sys - counters of each processor */
#define POOLTAG_NDIS       'bNlS' /* SlNb - sluice.sys - NBL pool for held bytes */
#define POOLTAG_TIMER      'wTlS' /* SlTw - sluice.sys - slots of the timer wheel */
