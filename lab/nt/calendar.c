/* SPDX-License-Identifier: MIT */
/* System time as a date, and back. 100 ns since 1601-01-01, a Monday. */
#include "nt/clock.h"

#define DAYS_IN_400_YEARS 146097
#define SECONDS_A_DAY     86400ull
#define SECONDS_TO_1970   11644473600ull

static const CSHORT month_starts[2][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint64_t days_before(unsigned year)
{
    const uint64_t years = year - 1601;
    return years * 365 + years / 4 - years / 100 + years / 400;
}

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    const uint64_t milliseconds = (uint64_t)Time->QuadPart / SIM_MILLISECOND;
    const uint64_t seconds = milliseconds / 1000, days = seconds / SECONDS_A_DAY;
    unsigned year = 1601 + (unsigned)(days * 400 / DAYS_IN_400_YEARS);
    unsigned month = 1, day;

    while (days_before(year) > days)
        year--;
    while (days_before(year + 1) <= days)
        year++;
    day = (unsigned)(days - days_before(year));
    while (month_starts[is_leap(year)][month] <= (CSHORT)day)
        month++;
    *TimeFields =
        (TIME_FIELDS){.Year = (CSHORT)year,
                      .Month = (CSHORT)month,
                      .Day = (CSHORT)((CSHORT)day - month_starts[is_leap(year)][month - 1] + 1),
                      .Hour = (CSHORT)(seconds / 3600 % 24),
                      .Minute = (CSHORT)(seconds / 60 % 60),
                      .Second = (CSHORT)(seconds % 60),
                      .Milliseconds = (CSHORT)(milliseconds % 1000),
                      .Weekday = (CSHORT)((days + 1) % 7)};
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    const TIME_FIELDS *f = TimeFields;
    uint64_t seconds;

    if (f->Year < 1601 || f->Month < 1 || f->Month > 12 || f->Day < 1 || f->Hour < 0 ||
        f->Hour > 23 || f->Minute < 0 || f->Minute > 59 || f->Second < 0 || f->Second > 59 ||
        f->Milliseconds < 0 || f->Milliseconds > 999)
        return FALSE;
    const CSHORT *starts = month_starts[is_leap((unsigned)f->Year)];
    if (f->Day > starts[f->Month] - starts[f->Month - 1])
        return FALSE;
    seconds =
        (days_before((unsigned)f->Year) + (uint64_t)starts[f->Month - 1] + (uint64_t)f->Day - 1) *
            SECONDS_A_DAY +
        (uint64_t)f->Hour * 3600 + (uint64_t)f->Minute * 60 + (uint64_t)f->Second;
    Time->QuadPart = (LONGLONG)(seconds * SIM_SECOND + (uint64_t)f->Milliseconds * SIM_MILLISECOND);
    return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    const uint64_t seconds = (uint64_t)Time->QuadPart / SIM_SECOND;

    if (seconds < SECONDS_TO_1970 || seconds - SECONDS_TO_1970 > UINT32_MAX)
        return FALSE;
    *ElapsedSeconds = (ULONG)(seconds - SECONDS_TO_1970);
    return TRUE;
}
