/* SPDX-License-Identifier: MIT */
/* Roles of callout functions, by the names that Microsoft's WFP queries look for in a header of
 * this name. Source: Windows-Driver-Developer-Supplemental-Tools, queries for WFP. */
#pragma once

#if defined(_PREFAST_)
#define _Wfp_stream_injection_classify_ __declspec("_Wfp_stream_injection_classify_")
#define _Wfp_stream_inspection_notify_  __declspec("_Wfp_stream_inspection_notify_")
#define _Wfp_flow_inspection_classify_  __declspec("_Wfp_flow_inspection_classify_")
#define _Wfp_flow_inspection_notify_    __declspec("_Wfp_flow_inspection_notify_")
#else
#define _Wfp_stream_injection_classify_
#define _Wfp_stream_inspection_notify_
#define _Wfp_flow_inspection_classify_
#define _Wfp_flow_inspection_notify_
#endif
