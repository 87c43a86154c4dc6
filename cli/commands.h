/* SPDX-License-Identifier: MIT */
/* The commands of `sluice`: each takes its words and gives the exit code. */
#pragma once

int command_rerun(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_check(int argc, char **argv);
int command_matrix(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_build(int argc, char **argv);
int command_contract(int argc, char **argv);
int command_rules(int argc, char **argv);
