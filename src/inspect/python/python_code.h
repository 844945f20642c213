/* Objects of Python that tell of code: strings, and the lines of instructions. */
#ifndef INSPECT_PYTHON_PYTHON_CODE_H
#define INSPECT_PYTHON_PYTHON_CODE_H

#include "inspect/python/python_layout.h"

/* "handle (server.py:12)" for the code object at @code that is at instruction @at. */
const char *python_place(const struct python *python, uint64_t code, uint64_t at);

#endif
