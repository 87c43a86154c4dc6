#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The fuzzers, built with sanitizers in a folder beside this build, over their corpus and a fixed number of inputs made
# from it: what was once found stays mended.
. "$(dirname "$0")/expect.sh"

folder=$SLUICE_BUILD/fuzz-corpus
echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p == 0 && n != 0; }' >"$work/try.c"
if ! clang-19 -fsanitize=fuzzer,address,undefined "$work/try.c" -o "$work/try" 2>"$work/err"; then
  skipped "clang-19 with libFuzzer is missing (Debian: clang-19, libclang-rt-19-dev)"
  exit 77
fi
if ! cmake -G Ninja -S "$SLUICE_SOURCE" -B "$folder" -DCMAKE_C_COMPILER=clang-19 -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_C_FLAGS_DEBUG="-O1 -g0" -DSLUICE_FUZZ=ON -DSLUICE_TESTS=OFF -DSLUICE_BENCH=OFF \
  -DSLUICE_IMAGES=OFF >"$work/out" 2>&1 || ! ninja -C "$folder" fuzzers >"$work/out" 2>&1; then
  failed "the fuzzers do not build"
  tail -n 20 "$work/out"
  finish
fi
expected=$(grep -hoE '^ *sluice_fuzzer\([a-z_]+' "$SLUICE_SOURCE"/fuzz/*.cmake | wc -l)
"$SLUICE_SOURCE/fuzz/run.sh" "$folder" corpus | tee "$work/out" || failures=1
ran=$(grep -c '^PASSED: fuzz_' "$work/out")
[ "$ran" -eq "$expected" ] || failed "$ran of $expected fuzzers ran to their end"
finish
