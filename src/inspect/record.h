/* What was seen of a target, as records of a results file. */
#ifndef INSPECT_RECORD_H
#define INSPECT_RECORD_H

#include "inspect/waits/verdict.h"

/* What threads did @when, and the verdicts. */
void record_inspection(void *image, struct inspection *inspection, enum states_when when);

#endif
