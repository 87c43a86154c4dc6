/* SPDX-License-Identifier: MIT */
/* What the drill image can be told to do; shared by the image and the test that runs it. */
#pragma once

enum drill {
    DRILL_ANSWER,
    DRILL_READ_NULL,
    DRILL_WRITE_NULL,
    DRILL_CALL_NULL,
    DRILL_CALL_GARBAGE,
    DRILL_CATCH_READ,
    DRILL_CATCH_CALL_NULL,
    DRILL_CATCH_NON_CANONICAL,
    DRILL_CATCH_DIVIDE,
    DRILL_CATCH_RAISE,
    DRILL_CATCH_PROBE,
    DRILL_CATCH_PROBE_TOUCH,
    DRILL_CATCH_DEEP,
    DRILL_CATCH_FRAME_POINTER,
    DRILL_FINALLY_ORDER,
    DRILL_COLLIDED,
    DRILL_NESTED,
    DRILL_CONTINUE,
    DRILL_LOCAL_UNWIND,
    DRILL_RAISE,
    DRILL_SPIN,
    DRILL_SPIN_CR8,
    DRILL_COUNT,
    DRILL_RECURSE,
    DRILL_BIG_FRAME,
    DRILL_BIG_FRAME_CALLING,
    DRILL_HUGE_FRAME,
    DRILL_CR8,
    DRILL_INTERRUPTS,
    DRILL_TSC,
    DRILL_KUSER,
    DRILL_KUSER_BY_POINTER,
    DRILL_PAUSE,
    DRILL_UNMODELLED,
    DRILL_UNMODELLED_DATA,
    DRILL_ELSEWHERE,
    DRILL_BAD_POINTER,
    DRILL_FAST_FAIL,
    DRILL_OVERRUN,
    DRILL_COOKIE,
    DRILL_INIT,
    DRILL_WRITE_CONST,
    DRILL_READ_RAISED,
    DRILL_BREAKPOINT,
    DRILL_ASSERT,
    DRILL_RDMSR,
    DRILL_VARIABLE,
    DRILL_WALK,
};

/* The argument; log is written by several drills. */
struct drill_argument {
    unsigned long long value;
    char log[64];
    unsigned length;
    volatile int flag;
};
