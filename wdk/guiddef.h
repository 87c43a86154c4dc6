/* SPDX-License-Identifier: MIT */
/* GUID and DEFINE_GUID. May be included again after INITGUID has been defined. Source: guiddef
 * pages. */
#ifndef SLUICE_GUIDDEF_H
#define SLUICE_GUIDDEF_H

typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;

typedef GUID *PGUID;
typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID;
typedef GUID CLSID;
typedef GUID UUID;
#define REFGUID const GUID *

static inline int IsEqualGUID_(const GUID *a, const GUID *b)
{
    return __builtin_memcmp(a, b, sizeof *a) == 0;
}
#define InlineIsEqualGUID(a, b) IsEqualGUID_((a), (b))
#define IsEqualGUID(a, b)       IsEqualGUID_((a), (b))
#define IsEqualIID(a, b)        IsEqualGUID_((a), (b))

#endif

#undef DEFINE_GUID
#if defined(SLUICE_GUID_OBJECTS) && !defined(_WIN32)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    extern const GUID name;                                                                        \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#elif (defined(INITGUID) || defined(SLUICE_GUID_OBJECTS)) && defined(_WIN32)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    extern const GUID name;                                                                        \
    __declspec(selectany) const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#elif defined(INITGUID)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    extern const GUID name;                                                                        \
    __attribute__((weak)) const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) extern const GUID name
#endif
