/* SPDX-License-Identifier: MIT */
/* Addresses as text. Source: the nf-ip2string-* pages. */
#pragma once
#include <wdm.h>
#include <ws2ipdef.h>

NTSYSAPI PSTR NTAPI RtlIpv4AddressToStringA(const IN_ADDR *Addr, PSTR S);
NTSYSAPI PWSTR NTAPI RtlIpv4AddressToStringW(const IN_ADDR *Addr, PWSTR S);
NTSYSAPI LONG NTAPI RtlIpv4AddressToStringExA(const IN_ADDR *Address, USHORT Port,
                                              PSTR AddressString, PULONG AddressStringLength);
NTSYSAPI LONG NTAPI RtlIpv4AddressToStringExW(const IN_ADDR *Address, USHORT Port,
                                              PWSTR AddressString, PULONG AddressStringLength);
NTSYSAPI PSTR NTAPI RtlIpv6AddressToStringA(const IN6_ADDR *Addr, PSTR S);
NTSYSAPI PWSTR NTAPI RtlIpv6AddressToStringW(const IN6_ADDR *Addr, PWSTR S);
NTSYSAPI LONG NTAPI RtlIpv6AddressToStringExA(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port,
                                              PSTR AddressString, PULONG AddressStringLength);
NTSYSAPI LONG NTAPI RtlIpv6AddressToStringExW(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port,
                                              PWSTR AddressString, PULONG AddressStringLength);
NTSYSAPI LONG NTAPI RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR *Terminator,
                                            IN_ADDR *Addr);
NTSYSAPI LONG NTAPI RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, PCWSTR *Terminator,
                                            IN_ADDR *Addr);
NTSYSAPI LONG NTAPI RtlIpv6StringToAddressA(PCSTR S, PCSTR *Terminator, IN6_ADDR *Addr);
NTSYSAPI LONG NTAPI RtlIpv6StringToAddressW(PCWSTR S, PCWSTR *Terminator, IN6_ADDR *Addr);
