/* Objects of Python 3.11 that tell of code: strings, and the lines of instructions. */
#ifndef INSPECT_PYTHON_PYTHON_CODE_H
#define INSPECT_PYTHON_PYTHON_CODE_H

#include "inspect/base/target.h"

/* "handle (server.py:12)" for the code object at @code that is at instruction @at. */
const char *python_place(struct target *target, uint64_t code, uint64_t at);

#endif
