/* SPDX-License-Identifier: MIT */
/* Structured exception handling: what filters return and read. __try itself exists only for the
   Windows target. Source: "Structured exception handling". */
#pragma once

#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#ifdef _WIN32
unsigned long _exception_code(void);
void *_exception_info(void);
int _abnormal_termination(void);
#define GetExceptionCode()        _exception_code()
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS *)_exception_info())
#define AbnormalTermination()     _abnormal_termination()
#define try                       __try
#define except                    __except
#define finally                   __finally
#define leave                     __leave
#endif
