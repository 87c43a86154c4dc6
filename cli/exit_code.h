/* SPDX-License-Identifier: MIT */
/* Exit codes, the same for every command: part of the promise in SPEC.md. */
#pragma once

enum exit_code {
    EXIT_CLEAN = 0,       /* warnings allowed */
    EXIT_FINDINGS = 1,    /* errors about the driver; matrix: a cell differs */
    EXIT_USAGE = 2,       /* usage, or input that cannot be read */
    EXIT_ENVIRONMENT = 3, /* permission, missing program, disk full */
    EXIT_NO_VERDICT =
        4, /* an import that is not modelled, DriverEntry refused, a limit of the lab */
};
